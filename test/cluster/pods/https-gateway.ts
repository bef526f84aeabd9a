// HTTPS by a Gateway of the Gateway API, with Traefik's provider of it, on pods with policies enforced.
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { selfSignedFor } from '../../support/certificate.js';
import { NAME, untilServed, type HttpsEdge } from '../support/https-edge.js';
import { PUBLIC_GATEWAY, installPublicGateway } from '../support/public-gateway.js';
import { waitFor, when } from '../support/wait.js';
import type { Installed } from './on-pods.js';
import type { SettingsInput } from '../../../charts/settings/schema.js';

const SCENE_MS = 600_000;
const EVENTS = '/api/2147483000/envelope/';

interface Tools {
  readonly edge: () => HttpsEdge;
  readonly apply: (label: string, https: SettingsInput['https'], network?: SettingsInput['network']) => Promise<number>;
}

/** Last: it takes the routes of k3s' Traefik away. */
export function describeGatewayApi({ stack }: Installed, { edge, apply }: Tools): void {
  describe('by a Gateway of a person', () => {
    it('leads to GlitchTip, and in clear to https', async () => {
      const pair = await selfSignedFor(NAME, { notAfter: new Date(Date.now() + 60 * 86_400_000) });
      await writeFile(edge().file('gateway.pem'), pair.certificate);
      await installPublicGateway(stack.cluster, pair);
      await apply('https-gateway', { gateway: PUBLIC_GATEWAY, public: 'ingest' }, { clients: [PUBLIC_GATEWAY.namespace] });
      await stack.kubectl('delete', 'ingressroutes.traefik.io', 'glitchtip', 'glitchtip-to-https');
      await stack.rolledOut();
      await untilServed(edge(), edge().file('gateway.pem'));
      const ask = () => edge().ask([
        { url: `https://${NAME}${EVENTS}`, method: 'POST', body: '{}' }, { url: `https://${NAME}/login` }, { url: `http://${NAME}/login?next=1` },
      ], edge().file('gateway.pem'));
      // 403: the gateway knows no such project.
      await waitFor<true>({ what: 'the routes of the Gateway', seconds: 60 }, async () => {
        const found = await ask();
        return when(JSON.stringify(found.map(({ status }) => status)) === '[403,404,301]', JSON.stringify(found));
      });
      expect((await ask())[2]?.headers?.location).toBe(`https://${NAME}/login?next=1`);
    }, SCENE_MS);
  });
}
