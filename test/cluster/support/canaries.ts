// Looks for the values of the credentials in every place where they must not be.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { SECRETS } from '../../../charts/part-names.js';
import { ALERTS_SECRET, BACKUP_STORE_SECRET, MOVE_SECRET, RESTORE_SECRET } from '../../../operator/api/object-names.js';
import { processesIn } from '../../../embedded/cgroups.js';
import type { ClusterHandle } from '../../../embedded/index.js';
import type { Stack } from './stack.js';

/** A credential: where it is kept, and its value in the forms in which it could leak. */
export interface Canary {
  readonly name: string;
  readonly forms: readonly string[];
}

const secretList = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }), data: z.record(z.string(), z.string()).default({}) })) });

/** Keys of the Secrets that are no secret, the file that holds hashes only, DSNs, which are public by nature, and the journal's own notes. */
const NOT_SECRET = /(^|\.)(email|access-key-id|DATABASE_USER|users\.acl|record|telegram-api|telegram-chat|dsns\.json)$/;
/** Those of the operator, and the ones that a person makes for alerts, for the bucket of copies, for a restore, and for a move: the token of its old server. */
const OURS: readonly string[] = [...Object.values(SECRETS), ALERTS_SECRET, BACKUP_STORE_SECRET, RESTORE_SECRET, MOVE_SECRET];

/** Every value that the Secrets ever held while somebody looked: old ones, new ones, and those that waited in the journal. */
export class Canaries {
  private readonly known = new Map<string, Canary>();

  constructor(private readonly stack: Stack) {}

  get all(): readonly Canary[] {
    return [...this.known.values()];
  }

  /** Of a value that no Secret holds: what a row of the database says, as pg_restore prints it in its errors. */
  note(name: string, value: string): void {
    this.known.set(value, canary(name, value));
  }

  /** Notes what the Secrets hold now, and returns it. */
  async collect(): Promise<readonly Canary[]> {
    const { items } = secretList.parse(JSON.parse(await this.stack.kubectl('get', 'secrets', '--output', 'json')));
    const ours = items.filter(({ metadata }) => OURS.includes(metadata.name));
    const now = ours.flatMap(({ metadata, data }) => Object.entries(data)
      .filter(([key]) => !NOT_SECRET.test(key))
      .flatMap(([key, encoded]) => secretsIn(Buffer.from(encoded, 'base64').toString('utf8')).map((value) => canary(`${metadata.name}/${key}`, value))));
    for (const one of now) this.known.set(one.forms[0] ?? '', one);
    return now;
  }
}

/** Old SECRET_KEYs are kept as SECONDS:KEY, one a line; of redis://:PASSWORD@valkey:6379/0 only the password is secret. */
function secretsIn(value: string): string[] {
  return value.split('\n').map((line) => /^redis:\/\/[^:]*:([^@]+)@/.exec(line)?.[1] ?? line.replace(/^\d+:/, '')).filter((secret) => secret !== '');
}

function canary(name: string, secret: string): Canary {
  return { name, forms: [secret, decodeURIComponent(secret), ...[0, 1, 2].map((offset) => insideBase64(secret, offset))] };
}

/** What of it is seen in the base64 of a longer text in which it begins at this offset (modulo 3): the characters that are its alone. */
function insideBase64(secret: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
  const whole = Math.floor(bytes.length / 3) * 4;
  return bytes.toString('base64').slice(Math.ceil((offset * 4) / 3), whole);
}

/** Names of the credentials whose value is in the text. */
export async function found(canaries: readonly Canary[], text: string): Promise<string[]> {
  const names: string[] = [];
  for (const { name, forms } of canaries) {
    if (forms.some((form) => text.includes(form))) names.push(name);
    // A text is long and they are many: what else waits in this process, such as answers of the neighbour, has its turn.
    await setImmediate();
  }
  return names;
}

/** All files of a folder as one text. `name`: only those of this name. */
export async function textOf(folder: string, name?: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && (name === undefined || entry.name === name)).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
}

const POLL_EVERY_MS = 500;
/** A process is read at its first looks, for it may become another program by exec; then seldom, for reading all of them at each look takes a fifth of a core. */
const FIRST_LOOKS = 4;
const THEN_EVERY = 20;

/** Notes the arguments and environment of every process of the node, also of those that live for a moment only. */
export class ProcessWatch {
  private looks = new Map<number, number>();
  private readonly texts = { cmdline: new Set<string>(), environ: new Set<string>() };
  private readonly stopped = new AbortController();
  private readonly watching: Promise<void>;

  constructor(private readonly cluster: ClusterHandle) {
    this.watching = this.watch();
  }

  /** All that were seen up to now. */
  get arguments(): string {
    return [...this.texts.cmdline].join('\n');
  }

  get environments(): string {
    return [...this.texts.environ].join('\n');
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.watching;
  }

  private async watch(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const ids = await processesIn(this.cluster.cgroup);
      this.looks = new Map(ids.map((id) => [id, (this.looks.get(id) ?? 0) + 1]));
      for (const [id, look] of this.looks) if (look <= FIRST_LOOKS || look % THEN_EVERY === 0) await this.read(id);
      await sleep(POLL_EVERY_MS);
    }
  }

  private async read(id: number): Promise<void> {
    // It may have ended since.
    for (const file of ['cmdline', 'environ'] as const) this.texts[file].add(await readFile(`/proc/${id}/${file}`, 'utf8').catch(() => ''));
  }
}
