// A port-forward that stays has a limit for its first opening, and says what kubectl said of it.
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { forward } from '../../../cli/port-forward.js';
import { fakeKubectl, type FakeKubectl } from './fake-kubectl.js';

let kubectl: FakeKubectl;
beforeEach(() => { kubectl = fakeKubectl(); });
afterEach(() => kubectl.remove());

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('a port-forward that does not open', () => {
  it.each<[string, { error: string } | string, string]>([
    ['is refused, with the reason', { error: 'error: unable to forward port because pod is not running. Current status=Pending\n' }, 'unable to forward port because pod is not running. Current status=Pending'],
    ['says nothing at all', 'setInterval(() => undefined, 1_000);', 'kubectl has said nothing yet'],
  ])('%s: it ends in its time', async (_, answer, reason) => {
    kubectl.prepare('forward', answer);
    const local = await freePort();
    const forwarding = forward({ kubectl: 'kubectl', cluster: [], description: 'a test' }, { namespace: 'glitchtip', service: 'web', local, remote: 8080 });
    await expect(forwarding.open(700)).rejects.toThrow(`kubectl port-forward to service/web did not open localhost:${local} within 0.7 s: ${reason}`);
    await forwarding.stop();
  }, 20_000);
});
