// The old Sentry of a move as a process of its own: whoever measures answers does not take in copies meanwhile.
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { send } from '../sdk/http-client.js';
import type { OldBehaviour, OldSentryOptions, OldTaken } from './old-sentry-program.js';

const PROGRAM = fileURLToPath(new URL('./old-sentry-program.ts', import.meta.url));

export class OldSentryProcess {
  private constructor(readonly url: string, private readonly end: () => Promise<void>) {}

  /** @param within the program and arguments that it is started by, as `nsenter`. @default none. @throws Error when it ends before it listens */
  static async start(options: OldSentryOptions, within: readonly string[] = []): Promise<OldSentryProcess> {
    const [program, ...args] = [...within, process.execPath, '--import', 'tsx', PROGRAM, JSON.stringify(options)];
    const running = execa(program, args, { reject: false, stderr: 'inherit' });
    await Promise.race([
      new Promise<void>((resolve) => running.stdout.once('data', () => resolve())),
      running.then(({ exitCode }) => { throw new Error(`the old server ended with ${exitCode ?? 'a signal'}`); }),
    ]);
    return new OldSentryProcess(`http://${options.host}:${options.port}`, async () => {
      running.kill('SIGTERM');
      await running;
    });
  }

  async behave(behaviour: OldBehaviour): Promise<void> {
    await send({ url: `${this.url}/test/behave`, method: 'POST', body: JSON.stringify(behaviour), timeoutMs: 10_000 });
  }

  async taken(): Promise<OldTaken> {
    const { body } = await send({ url: `${this.url}/test/taken`, timeoutMs: 30_000 });
    return JSON.parse(body) as OldTaken;
  }

  stop(): Promise<void> {
    return this.end();
  }
}
