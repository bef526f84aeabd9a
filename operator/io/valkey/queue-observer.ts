// Observes Valkey in one connection: memory, persistence, how much waits and since when.
import type { Redis } from 'iovalkey';

import type { ObservedQueue, QueueFacts, TaskFacts } from '../../core/health/health-facts.js';
import type { ValkeyLayout } from '../../core/health/release-facts.js';
import type { Sensitive } from '../../core/sensitive.js';
import type { ValkeyAddress } from '../../controllers/ports.js';
import { asOperator } from './valkey-client.js';
import { readVtasks } from './vtasks-queue.js';

/** How GlitchTip's queue looks, and when it is looked at: milliseconds since the epoch. */
interface QueueQuestion {
  readonly layout: ValkeyLayout;
  readonly now: number;
}

/** Expected failures are results. */
export async function observeQueue(address: ValkeyAddress | undefined, passwords: readonly Sensitive[], { layout, now }: QueueQuestion, signal: AbortSignal): Promise<ObservedQueue> {
  if (!address) return { kind: 'none' };
  if (passwords.length === 0) return { kind: 'not observed', why: 'there is no password to log in with' };
  try {
    return (await asOperator(address, passwords, (client) => read(client, layout, now), signal)) ?? { kind: 'refused' };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unreachable', why: firstWord(error) };
  }
}

async function read(client: Redis, layout: ValkeyLayout, now: number): Promise<ObservedQueue> {
  const info = parseInfo(String(await client.call('INFO')));
  if (info.get('loading') === '1') return { kind: 'loading', secondsLeft: Number(info.get('loading_eta_seconds') ?? 0) };
  return { kind: 'seen', value: { ...readMemory(info), ...(await readTasks(client, layout, now)) } };
}

export function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map(text.split('\r\n').filter((line) => line.includes(':')).map((line) => line.split(/:(.*)/s).slice(0, 2) as [string, string]));
}

function readMemory(info: ReadonlyMap<string, string>): Pick<QueueFacts, 'usedBytes' | 'maxBytes' | 'writeFailed'> {
  const writeFailed = explainWrites(info);
  return { usedBytes: Number(info.get('used_memory') ?? 0), maxBytes: Number(info.get('maxmemory') ?? 0), ...(writeFailed ? { writeFailed } : {}) };
}

/** Snapshots count only where there is no append-only file. */
export function explainWrites(info: ReadonlyMap<string, string>): string | undefined {
  const hasFile = info.get('aof_enabled') === '1';
  if (hasFile && info.get('aof_last_write_status') === 'err') return 'aof_last_write_status is err';
  if (hasFile && info.get('aof_last_bgrewrite_status') === 'err') return 'aof_last_bgrewrite_status is err';
  return !hasFile && info.get('rdb_last_bgsave_status') === 'err' ? 'rdb_last_bgsave_status is err' : undefined;
}

function readTasks(client: Redis, layout: ValkeyLayout, now: number): Promise<TaskFacts> {
  return layout.kind === 'celery' ? readCelery(client, layout, now) : readVtasks(client, layout, now);
}

async function readCelery(client: Redis, { list, taken }: Extract<ValkeyLayout, { kind: 'celery' }>, now: number): Promise<TaskFacts> {
  // What the worker took and has not begun is stored by nobody yet; of a worker that was killed it stays there.
  const depth = (await client.llen(list)) + (await client.zcard(taken));
  const [, score] = await client.zrange(taken, 0, 0, 'WITHSCORES');
  return score === undefined ? { depth } : { depth, oldestTaskSeconds: Math.max(0, now / 1_000 - Number(score)) };
}

/** ECONNREFUSED, or the library's own words, which hold no value. */
function firstWord(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
