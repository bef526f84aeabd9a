// A page that its server sends piece by piece, each when the reader has the one before: held back anywhere on the way, it never ends.
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { networkOf } from './flows.js';
import type { Stack } from './stack.js';

/** Of web's pod, on which nothing listens. */
const PORT = 18_099;
export const STREAM = { path: '/streamed', next: '/streamed/next', pieces: 5 } as const;
const SERVER = fileURLToPath(new URL('./streamed-page-server.mjs', import.meta.url));

/** Whatever asks web is led to a server in the network of its pod, while `work` runs. */
export async function besideWeb<T>(stack: Pick<Stack, 'cluster' | 'pod'>, work: () => Promise<T>): Promise<T> {
  const network = await networkOf(stack.cluster, (await stack.pod('web')).container);
  const server = execa('nsenter', [network, process.execPath, SERVER, String(PORT), JSON.stringify(STREAM)], { reject: false, stderr: 'inherit' });
  const redirect = (change: '-A' | '-D') => execa('nsenter', [network, 'iptables', '-t', 'nat', change, 'PREROUTING', '-p', 'tcp', '--dport', '8080', '-j', 'REDIRECT', '--to-ports', String(PORT)]);
  try {
    await Promise.race([
      new Promise<void>((resolve) => server.stdout.once('data', () => resolve())),
      server.then(({ exitCode }) => { throw new Error(`the server of the streamed page ended with ${exitCode ?? 'a signal'}`); }),
    ]);
    await redirect('-A');
    try {
      return await work();
    } finally {
      await redirect('-D');
    }
  } finally {
    server.kill('SIGTERM');
    await server;
  }
}
