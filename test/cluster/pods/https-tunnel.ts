// A Cloudflare Tunnel on pods, with policies enforced: a stand-in for cloudflared, in the pod that the manifests make.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { TUNNEL, TUNNEL_PORT } from '../../../charts/part-names.js';
import { MEBIBYTE } from '../../../charts/quantity.js';
import { TRAEFIK } from '../../../charts/traefik.js';
import { kubernetesServiceAddress } from '../../../embedded/address.js';
import type { ContainerReference } from '../../../embedded/index.js';
import { INTERNET } from '../support/flow-ends.js';
import { listen, networkOf, networkOfNode, tryFlows, type Listener } from '../support/flows.js';
import { URL_OF_NAME } from '../support/https-apply.js';
import { CLIENT, NAME, outcomes } from '../support/https-edge.js';
import { glitchTip } from '../support/requested-rotations.js';
import { STAND_IN_IMAGE, TUNNEL_CONTAINER, standInForTunnel, toggleConnections } from '../support/tunnel-stand-in.js';
import { waitFor, when } from '../support/wait.js';
import type { Installed } from './on-pods.js';

const SCENE_MS = 300_000;

/** After Traefik's: the domain is the same, and its routes are taken away as docs/https.md says. */
export function describeTunnel({ stack, alerts }: Installed): void {
  describe('https by a Cloudflare Tunnel', () => {
    let container: ContainerReference;
    let address = '';
    let listener: Listener | undefined;
    const onNode = (...command: readonly string[]) => execa('nsenter', [networkOfNode(stack.cluster), ...command]);

    beforeAll(async () => {
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'glitchtip-tunnel', namespace: stack.namespace }, stringData: { token: 'of-nobody' } };
      await stack.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(secret));
      const made = await stack.synthesize('https-tunnel', { domain: URL_OF_NAME, https: { mode: 'tunnel' }, images: { cloudflared: STAND_IN_IMAGE } });
      await standInForTunnel(made.folder);
      await stack.apply(made);
      await stack.kubectl('delete', 'ingressroutes.traefik.io/glitchtip', 'ingressroutes.traefik.io/glitchtip-to-https', 'middlewares.traefik.io/hsts', 'middlewares.traefik.io/redirect-to-https', 'networkpolicy/web-from-traefik', 'networkpolicy/operator-to-traefik');
      await stack.cluster.kubectl(['delete', 'deployment', 'traefik', '--namespace', TRAEFIK.namespace]);
      await stack.rolledOut();
      await stack.kubectl('rollout', 'status', `deployment/${TUNNEL}`, '--timeout=180s');
      const pod = await stack.kubectl('get', 'pods', '--selector', 'app.kubernetes.io/component=tunnel', '--output', 'jsonpath={.items[0].metadata.name}');
      container = { namespace: stack.namespace, pod, container: TUNNEL_CONTAINER };
      address = await stack.kubectl('get', 'pod', pod, '--output', 'jsonpath={.status.podIP}');
      await onNode('ip', 'address', 'replace', `${INTERNET}/32`, 'dev', 'lo');
      listener = await listen(networkOfNode(stack.cluster), [443, 7844, 80].map((port) => ({ port, host: INTERNET })));
    }, 900_000);
    afterAll(async () => {
      await listener?.stop();
      await onNode('ip', 'address', 'delete', `${INTERNET}/32`, 'dev', 'lo');
    });

    it('has the limits of the settings, by the kernel', async () => {
      expect(await stack.cluster.containerLimits(container)).toEqual({ memory: 96 * MEBIBYTE, milliCpu: 500 });
    }, SCENE_MS);

    it('reaches the front door and Cloudflare, and nothing else', async () => {
      const [gateway, web, postgres, valkey, operator] = [await stack.pod('gateway'), await stack.pod('web'), await stack.pod('postgres'), await stack.pod('valkey'), await stack.pod('operator')];
      const flows = await tryFlows('tunnel', await networkOf(stack.cluster, container), [
        { to: 'gateway', address: gateway.ip, port: 8080, expected: 'open' }, { to: 'gateway (Service)', address: await stack.serviceAddress('web'), port: 8080, expected: 'open' },
        { to: 'Cloudflare', address: INTERNET, port: 7844, expected: 'open' }, { to: 'Cloudflare by 443', address: INTERNET, port: 443, expected: 'open' }, { to: 'internet by 80', address: INTERNET, port: 80, expected: 'closed' },
        { to: 'gateway control', address: gateway.ip, port: 9465, expected: 'closed' }, { to: 'web', address: web.ip, port: 8080, expected: 'closed' },
        { to: 'postgres', address: postgres.ip, port: 5432, expected: 'closed' }, { to: 'valkey', address: valkey.ip, port: 6379, expected: 'closed' }, { to: 'operator', address: operator.ip, port: 9464, expected: 'closed' },
        { to: 'API server', address: stack.cluster.network.nodeAddress, port: 6443, expected: 'closed' }, { to: 'API server (Service)', address: kubernetesServiceAddress, port: 443, expected: 'closed' },
      ]);
      expect(flows.filter(({ expected, found }) => expected !== found)).toEqual([]);
    }, SCENE_MS);

    it('is reached by the operator, and by no other part', async () => {
      for (const [part, expected] of [['operator', 'open'], ['gateway', 'closed'], ['web', 'closed']] as const) {
        const [flow] = await tryFlows(part, await networkOf(stack.cluster, (await stack.pod(part)).container), [{ to: 'tunnel', address, port: TUNNEL_PORT, expected }]);
        expect([part, flow?.found]).toEqual([part, expected]);
      }
    }, SCENE_MS);

    it('is believed by the gateway that a request came by https: GlitchTip answers with HSTS', async () => {
      const requests = [{ url: `${await stack.baseUrl()}/login`, headers: { host: NAME, 'x-forwarded-proto': 'https' } }];
      const { stdout } = await execa('nsenter', [await networkOf(stack.cluster, container), process.execPath, '--import', 'tsx', CLIENT, JSON.stringify(requests)]);
      expect(outcomes.parse(JSON.parse(stdout))).toMatchObject([{ status: 200, headers: { 'strict-transport-security': expect.stringMatching(/max-age=31536000/) } }]);
    }, SCENE_MS);

    it('tells a person when it has no connection, and when it has', async () => {
      // Of its start there may be one.
      await waitFor<true>({ what: 'no incident of the tunnel', seconds: 180 }, async () => {
        const reasons = ((await glitchTip(stack)).health?.incidents ?? []).map(({ reason }) => reason);
        return when(!reasons.includes('TunnelDown'), reasons.join(', '));
      });
      const since = Date.now();
      await toggleConnections(stack);
      const alert = await alerts().opened({ reason: 'TunnelDown', part: 'tunnel' }, since);
      expect(alert.message.text).toContain('it runs, and has no connection to Cloudflare');
      const repairedAt = Date.now();
      await toggleConnections(stack);
      await alerts().resolved(alert, repairedAt);
      await stack.kubectl('rollout', 'status', `deployment/${TUNNEL}`, '--timeout=60s');
    }, 2 * SCENE_MS);
  });
}
