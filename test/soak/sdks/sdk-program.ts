// One running program with an SDK: told by a word what to send, it prints what it sent, once that is answered or dropped.
import { createInterface } from 'node:readline';
import { execa, type ResultPromise } from 'execa';
import { z } from 'zod';
import type { Lifecycle } from './contestants.js';
import { sourceOf, type InstalledSdk } from './installed-sdk.js';

/** What each program can send. Large: 400 KB of random letters; an attachment of 90 KB goes with an exception. */
export const COMMANDS = ['exception', 'message', 'transaction', 'large', 'attachment'] as const;
export type SdkCommand = (typeof COMMANDS)[number];

const sentSchema = z.object({
  command: z.enum(COMMANDS),
  /** The event's id as the SDK tells its application; written with or without hyphens. */
  id: z.string().transform((id) => id.replaceAll('-', '')).pipe(z.string().regex(/^[0-9a-f]{32}$/)).optional(),
  /** Of a root span that was streamed. */
  traceId: z.string().regex(/^[0-9a-f]{32}$/).optional(),
  spanId: z.string().regex(/^[0-9a-f]{16}$/).optional(),
  /** What a page could see of the answer. */
  answer: z.object({ status: z.number().optional(), retryAfter: z.string().nullish(), rateLimits: z.string().nullish() }).optional(),
});
export type Sent = z.infer<typeof sentSchema>;

/** A start of Chromium, or of a JVM, on busy processors. Milliseconds. */
const ANSWER_WITHIN = 120_000;

/** In a mount namespace of its own: $0 is the file, and the rest the program, which the shell becomes. */
const WITH_HOSTS = 'mount --bind "$0" /etc/hosts && exec "$@"';

export class SdkProgram {
  readonly #process: ResultPromise<{ stdin: 'pipe'; reject: false; buffer: { stdout: false } }>;
  readonly #lines: AsyncIterator<string, undefined>;

  /** @param dsn without the port @param extraHeaders which the browser sends with each request: it asks before it does @param hosts file that is /etc/hosts for the program alone */
  constructor({ contestant, command: [program, ...arguments_], env }: InstalledSdk, { dsn, lifecycle, extraHeaders, hosts }: { readonly dsn: string; readonly lifecycle: Lifecycle; readonly extraHeaders?: Readonly<Record<string, string>>; readonly hosts?: string }) {
    const [started, ...its] = hosts === undefined ? [program, ...arguments_] as const : ['unshare', '--mount', 'sh', '-c', WITH_HOSTS, hosts, program, ...arguments_] as const;
    this.#process = execa(started, its, {
      cwd: sourceOf(contestant), stdin: 'pipe', reject: false, buffer: { stdout: false },
      env: {
        ...env, SENTRY_DSN: dsn, NODE_OPTIONS: '',
        ...(lifecycle.traceLifecycle === undefined ? {} : { TRACE_LIFECYCLE: lifecycle.traceLifecycle }),
        ...(extraHeaders === undefined ? {} : { EXTRA_HEADERS: JSON.stringify(extraHeaders) }),
      },
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Resolves when the SDK has sent it and was answered, or has dropped it. @throws when the program ends, or says nothing in time */
  async send(command: SdkCommand): Promise<Sent> {
    this.#process.stdin.write(`${command}\n`);
    const timeout = setTimeout(() => this.#process.kill('SIGKILL'), ANSWER_WITHIN);
    const line = await this.#lines.next();
    clearTimeout(timeout);
    if (line.done === true) throw new Error(`${command}: the program ended: ${(await this.#process).stderr.slice(-2_000)}`);
    return sentSchema.parse(JSON.parse(line.value));
  }

  /** @returns its exit code, and what it said on its standard error */
  async end(): Promise<{ readonly exitCode: number | undefined; readonly stderr: string }> {
    this.#process.stdin.end();
    const timeout = setTimeout(() => this.#process.kill('SIGKILL'), ANSWER_WITHIN);
    const { exitCode, stderr } = await this.#process;
    clearTimeout(timeout);
    return { exitCode, stderr };
  }
}
