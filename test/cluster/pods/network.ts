// Nothing public: no port of the host, no port of the node, ClusterIP Services only; a port-forward is the way in.
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { send } from '../../sdk/http-client.js';
import { hostPorts, hostPortsOf, knock, nodePorts } from '../support/listeners.js';
import { withForward } from '../support/project.js';
import type { Stack } from '../support/stack.js';

/** Where the stack listens inside the cluster. */
const OUR_PORTS = [8080, 5432, 6379, 9464, 9465];
/** Kubernetes' range of NodePorts. */
const isNodePort = (port: number) => port >= 30_000 && port <= 32_767;

/** @param before ports of this machine that something listened on before the cluster was started */
export function describeNetwork(stack: Stack, before: () => ReadonlySet<number>): void {
  describe('nothing is public', () => {
    it('no process of the cluster listens in the network of this machine', async () => {
      expect(await hostPortsOf(stack.cluster)).toEqual([]);
    });

    it('every address of this machine refuses connections to the ports of the stack', async () => {
      const addresses = Object.values(networkInterfaces()).flat().flatMap((one) => (one?.family === 'IPv4' ? [one.address] : []));
      const taken = new Set([...before(), ...(await hostPorts())]);
      const free = OUR_PORTS.filter((port) => !taken.has(port));
      const answers = await Promise.all(addresses.flatMap((address) => free.map((port) => knock(address, port))));
      expect(addresses).toContain('127.0.0.1');
      expect(new Set(answers)).toEqual(new Set(['ECONNREFUSED']));
    });

    it('the node itself refuses them too, and listens on no NodePort', async () => {
      const ports = await nodePorts(stack.cluster);
      expect(ports).toContain(6443);
      expect(ports.filter((port) => OUR_PORTS.includes(port) || isNodePort(port))).toEqual([]);
      const answers = await Promise.all(OUR_PORTS.map((port) => knock(stack.cluster.network.nodeAddress, port)));
      expect(new Set(answers)).toEqual(new Set(['ECONNREFUSED']));
    });

    it('every Service of the cluster is a ClusterIP without an external address', async () => {
      const services = await stack.cluster.kubectl(['get', 'services', '--all-namespaces', '--output',
        'jsonpath={range .items[*]}{.metadata.name} {.spec.type} {.spec.externalIPs} {.spec.ports[*].nodePort}{"\\n"}{end}']);
      const lines = services.trim().split('\n').map((line) => line.trim().split(/\s+/));
      expect(lines.length).toBeGreaterThanOrEqual(4);
      expect(lines.filter(([, type, ...rest]) => type !== 'ClusterIP' || rest.length > 0)).toEqual([]);
    });

    it('a port-forward reaches web: localhost:PORT/_health/ answers 200', async () => {
      const answer = await withForward(stack, (baseUrl) => send({ url: `${baseUrl}/_health/` }));
      expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body: 'ok' });
    }, 30_000);
  });
}
