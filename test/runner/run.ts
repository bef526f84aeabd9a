// One run: the folder that keeps what it leaves, its processes with their output, and the end of all of them.
import { createWriteStream, mkdirSync, mkdtempSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { execa } from 'execa';
import { makeLowPriorityGroup, atLowPriority, type LowPriorityGroup } from './low-priority.js';
import { MARK, endAll } from './run-processes.js';

/** Below the project's folder; not in git. */
export const RESULTS = 'test-results';

export interface Launch {
  /** Before each line of its output, and of the file that keeps it. */
  readonly name: string;
  readonly command: readonly string[];
  readonly lowPriority: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Of a program that says on standard output what is known otherwise. @default false */
  readonly errorsOnly?: boolean;
}

interface Folders {
  /** What is kept: the output of each stage, the table, what failed suites left. */
  readonly kept: string;
  /** What is not: temporary files of the stages. */
  readonly scratch: string;
}

export class Run {
  private stopped: Promise<void> | undefined;

  private constructor(
    private readonly group: LowPriorityGroup | undefined,
    readonly id: string,
    private readonly folders: Folders,
    /** Of the clock; milliseconds. */
    readonly began: number,
  ) {}

  /** @param began when the run began, if that was before now; milliseconds of the clock */
  static async begin(began = Date.now(), results = RESULTS): Promise<Run> {
    const id = `glitchkeeper-run-${process.pid}`;
    const kept = join(results, new Date(began).toISOString().slice(0, 19).replaceAll(':', ''));
    mkdirSync(kept, { recursive: true });
    const scratch = mkdtempSync(join(tmpdir(), 'glitchkeeper-run-'));
    // Servers of the tests run as users of their own.
    await chmod(scratch, 0o711);
    return new Run(await makeLowPriorityGroup(id), id, { kept, scratch }, began);
  }

  get folder(): string {
    return this.folders.kept;
  }

  /** Whether everything was ended before its time. */
  wasStopped(): boolean {
    return this.stopped !== undefined;
  }

  /** Seconds since the beginning. */
  get elapsed(): number {
    return Math.round((Date.now() - this.began) / 1000);
  }

  say(line: string): void {
    console.log(`${clock(this.elapsed)} ${line}`);
  }

  /** Resolves when the program has ended: true if well. Once the run was stopped nothing starts any more. */
  async launch({ name, command, lowPriority, env = {}, errorsOnly = false }: Launch): Promise<boolean> {
    if (this.wasStopped()) return false;
    const [program = '', ...args] = [...(lowPriority ? atLowPriority(this.id) : []), ...command];
    const child = execa(program, args, {
      preferLocal: true, reject: false, buffer: false, stdin: 'ignore', stdout: errorsOnly ? 'ignore' : 'pipe', stderr: 'pipe', all: true,
      // The kernel's autogroup is one a session.
      detached: lowPriority,
      env: { ...env, [MARK]: this.id, TMPDIR: this.folders.scratch },
    });
    const log = createWriteStream(this.logOf(name), { flags: 'a' });
    // A full disk takes the file, not the run: its output is on the terminal, too.
    const written = finished(log).catch((error: unknown) => this.say(`the output of ${name} is not kept: ${String(error)}`));
    createInterface({ input: child.all }).on('line', (line) => {
      log.write(`${line}\n`);
      if (line !== '') console.error(`[${name}] ${line}`);
    });
    const { failed } = await child;
    log.end();
    await written;
    return !failed;
  }

  logOf(name: string): string {
    return join(this.folder, `${name}.log`);
  }

  /** Ends every process and takes down every cluster that the run started; the launches resolve. */
  stop(): Promise<void> {
    this.stopped ??= this.sweep();
    return this.stopped;
  }

  /** What a stage left behind is ended, too. @throws Error for a cluster that cannot be taken down */
  async close(): Promise<void> {
    try {
      await this.sweep();
    } finally {
      await this.group?.remove().catch((error: unknown) => this.say(`the group of the processes is left: ${String(error)}`));
      await rm(this.folders.scratch, { recursive: true, force: true }).catch((error: unknown) => this.say(`temporary files are left: ${String(error)}`));
    }
  }

  private async sweep(): Promise<void> {
    const clusters = await endAll(this.id, () => this.group?.processes() ?? Promise.resolve([]));
    for (const name of clusters) this.say(`took down the cluster ${name}`);
  }
}

/** Minutes and seconds. */
export function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
