// A Service of type NodePort, past the policies that are enforced: by a port of one's choice, and gone again with the setting.
import { describe, expect, it } from '@jest/globals';
import { send } from '../../sdk/http-client.js';
import { knock, nodePorts } from '../support/listeners.js';
import type { Stack } from '../support/stack.js';
import { waitFor, when } from '../support/wait.js';

const PORT = 30_080;

export function describePublicService(stack: Stack): void {
  describe('service.type: NodePort with allowPublic', () => {
    it('opens that port of the node, and people outside reach GlitchTip by it', async () => {
      const { nodeAddress } = stack.cluster.network;
      const domain = `http://${nodeAddress}:${PORT}`;
      await stack.apply(await stack.synthesize('public', { domain, service: { type: 'NodePort', allowPublic: true, port: PORT } }));
      await stack.rolledOut();
      await waitFor<true>({ what: `${domain} to answer`, seconds: 60 }, async () => {
        const { status } = await send({ url: `${domain}/_health/` });
        return when(status === 200, String(status));
      });
    }, 600_000);

    it('closes it again with the default', async () => {
      await stack.apply(stack.manifests);
      await stack.kubectl('delete', 'networkpolicy', 'web-from-everybody');
      await stack.rolledOut();
      expect(await nodePorts(stack.cluster)).not.toContain(PORT);
      expect(await knock(stack.cluster.network.nodeAddress, PORT)).toBe('ECONNREFUSED');
    }, 600_000);
  });
}
