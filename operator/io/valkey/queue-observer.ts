// Observes Valkey in one connection: memory, persistence, how much waits and since when.
import type { Redis } from 'iovalkey';

import type { ObservedQueue, QueueFacts } from '../../core/health/health-facts.js';
import type { QueueLayout } from '../../core/health/release-facts.js';
import type { Sensitive } from '../../core/sensitive.js';
import type { ValkeyAddress } from '../../controllers/ports.js';
import { asOperator } from './valkey-client.js';

/** How GlitchTip's queue looks, and when it is looked at: milliseconds since the epoch. */
interface QueueQuestion {
  readonly layout: QueueLayout;
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

async function read(client: Redis, layout: QueueLayout, now: number): Promise<ObservedQueue> {
  const info = parseInfo(String(await client.call('INFO')));
  if (info.get('loading') === '1') return { kind: 'loading', secondsLeft: Number(info.get('loading_eta_seconds') ?? 0) };
  return { kind: 'seen', value: { ...readMemory(info), ...(await readQueue(client, layout, now)) } };
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

async function readQueue(client: Redis, layout: QueueLayout, now: number): Promise<Pick<QueueFacts, 'depth' | 'oldestTaskSeconds'>> {
  if (layout.kind === 'table') return { depth: 0 };
  const depths = await Promise.all((layout.kind === 'celery' ? [layout.list] : layout.lists).map((list) => client.llen(list)));
  const waiting = depths.reduce((sum, each) => sum + each, 0);
  if (layout.kind !== 'celery') return { depth: waiting };
  // What the worker took and has not begun is stored by nobody yet; of a worker that was killed it stays there.
  const depth = waiting + (await client.zcard(layout.taken));
  const [, score] = await client.zrange(layout.taken, 0, 0, 'WITHSCORES');
  return score === undefined ? { depth } : { depth, oldestTaskSeconds: Math.max(0, now / 1_000 - Number(score)) };
}

/** ECONNREFUSED, or the library's own words, which hold no value. */
function firstWord(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
