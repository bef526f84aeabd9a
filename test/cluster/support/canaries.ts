// Looks for the values of the credentials in every place where they must not be.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { SECRETS } from '../../../charts/names.js';
import { processesIn } from '../embedded/cgroups.js';
import type { ClusterHandle } from '../embedded/index.js';
import type { Stack } from './stack.js';

/** A credential: where it is kept, and its value in the forms in which it could leak. */
export interface Canary {
  readonly name: string;
  readonly forms: readonly string[];
}

const secretList = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }), data: z.record(z.string(), z.string()).default({}) })) });

/** Keys of the Secrets that are no secret, and the file that holds hashes only. */
const NOT_SECRET = ['email', 'DATABASE_USER', 'users.acl'];

export async function readCanaries(stack: Stack): Promise<Canary[]> {
  const { items } = secretList.parse(JSON.parse(await stack.kubectl('get', 'secrets', '--output', 'json')));
  const ours = items.filter(({ metadata }) => Object.values<string>(SECRETS).includes(metadata.name));
  return ours.flatMap(({ metadata, data }) => Object.entries(data)
    .filter(([key]) => !NOT_SECRET.includes(key))
    .map(([key, encoded]) => canary(`${metadata.name}/${key}`, Buffer.from(encoded, 'base64').toString('utf8'))));
}

function canary(name: string, value: string): Canary {
  // Of redis://:PASSWORD@valkey:6379/0 only the password is one.
  const secret = /^redis:\/\/[^:]*:([^@]+)@/.exec(value)?.[1] ?? value;
  return { name, forms: [secret, decodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')] };
}

/** Names of the credentials whose value is in the text. */
export function found(canaries: readonly Canary[], text: string): string[] {
  return canaries.filter(({ forms }) => forms.some((form) => text.includes(form))).map(({ name }) => name);
}

/** All files of a folder as one text. */
export async function textOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
}

/** Notes the arguments and environment of every process of the node, also of those that live for a moment only. */
export class ProcessWatch {
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
      for (const id of await processesIn(this.cluster.cgroup)) {
        for (const file of ['cmdline', 'environ'] as const) this.texts[file].add(await readFile(`/proc/${id}/${file}`, 'utf8').catch(() => ''));
      }
      await sleep(500);
    }
  }
}
