// `npm start` as a person runs it: what it prints, and Ctrl-C.
import { execa, type ResultPromise } from 'execa';
import { freePort } from '../../api/control-plane.js';
import { resolveOptions } from '../../../embedded/cluster-options.js';
import { exists } from '../../../embedded/filesystem.js';
import { down } from '../../../embedded/index.js';
import { KEEP, type Stack } from './stack.js';
import { waitFor, when } from './wait.js';

type Running = ResultPromise<{ all: true; reject: false; env: Record<string, string>; forceKillAfterDelay: false }>;

/** Compiling included. Seconds. */
const CLUSTER_SECONDS = 900;
/** From the node that is Ready to the URL. Seconds. */
const PRINT_SECONDS = 600;

export interface Printed {
  /** From nothing to the URL. */
  readonly seconds: number;
  readonly port: number;
}

export class NpmStart {
  private running: Running | undefined;
  private printed: Promise<Printed> | undefined;
  private text = '';

  /** All that it has printed. */
  get output(): string {
    return this.text;
  }

  /** Starts it, and resolves as soon as its cluster runs, still empty: what has to be watched from the beginning begins now. */
  async begin(stack: Stack): Promise<void> {
    if (!KEEP) await down({ name: stack.name, delete: true });
    await stack.prepare();
    const [started, port] = [Date.now(), await freePort()];
    // The program behind `npm start`: a signal to npm would reach it through two shells.
    const args = ['--import', 'tsx', 'start/main.ts', '--embedded', '--name', stack.name, '--port', String(port), ...(KEEP ? ['--keep'] : [])];
    const program = this.running = execa('node', args, { all: true, reject: false, env: { GLITCHKEEPER_SETTINGS: stack.settingsFile() }, forceKillAfterDelay: false });
    program.all.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    // It makes the network when it has the cluster's lock: from then on whoever asks for this cluster gets the one of `npm start`.
    const network = `/run/netns/${resolveOptions({ name: stack.name }, process.env).resource}`;
    await this.until('the network of its cluster', CLUSTER_SECONDS, () => exists(network));
    await stack.join();
    this.printed = this.until('the URL', PRINT_SECONDS, () => Promise.resolve(this.text.includes('Ctrl-C'))).then(() => ({ seconds: (Date.now() - started) / 1000, port }));
  }

  /** Resolves when it has printed table and URL. */
  async ready(): Promise<Printed> {
    if (this.printed === undefined) throw new Error('npm start was not begun');
    return this.printed;
  }

  /** Ctrl-C; resolves when it has ended. */
  async interrupt(): Promise<{ readonly exitCode?: number | undefined; readonly signal?: string | undefined }> {
    this.running?.kill('SIGINT');
    const { exitCode, signal } = (await this.running) ?? {};
    return { exitCode, signal };
  }

  async kill(): Promise<void> {
    this.running?.kill('SIGKILL');
    await this.running;
  }

  private async until(what: string, seconds: number, look: () => Promise<boolean>): Promise<void> {
    await waitFor<true>({ what: `${what} of npm start`, seconds, every: 0.2 }, async () => {
      const ended = this.running?.exitCode !== null;
      return when(ended || await look(), this.text.slice(-500));
    });
    if (this.running?.exitCode !== null) throw new Error(`npm start ended:\n${this.text.slice(-2000)}`);
  }
}
