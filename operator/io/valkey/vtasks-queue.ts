// What django-vtasks (GlitchTip 6) keeps in Valkey: how many tasks wait and since when, and which of them nobody will try again.
import type { Redis } from 'iovalkey';

import type { LostTasks, TaskFacts } from '../../core/health/health-facts.js';
import { EVENT_QUEUE, type ValkeyLayout } from '../../core/health/release-facts.js';
import { readTask, type TaskMoments } from './task-payload.js';

/** Of those that failed, the newest are looked at, one after the other: an event may have megabytes. */
const LOOKED_AT = 20;
/** Keys of one answer of SCAN; an id of each event of the last five minutes is among them. */
const SCAN_COUNT = 2_000;
/** Answers of SCAN, at most, until the look is given up. */
const MOST_SCANS = 200;

type Layout = Extract<ValkeyLayout, { kind: 'vtasks' }>;

/** @param now milliseconds since the epoch */
export async function readVtasks(client: Redis, { prefix, queues }: Layout, now: number): Promise<TaskFacts> {
  const lists = queues.map((queue) => `${prefix}q:${queue}`);
  const depths = await Promise.all(lists.map((list) => client.llen(list)));
  // They are taken from the right.
  const oldest = (await Promise.all(lists.map((list) => taskAt(client, list, -1)))).flatMap(({ queuedAt }) => queuedAt ?? []);
  const lost = await readLost(client, prefix, now);
  return {
    depth: depths.reduce((sum, each) => sum + each, 0),
    ...(oldest.length === 0 ? {} : { oldestTaskSeconds: Math.max(0, now / 1_000 - Math.min(...oldest)) }),
    ...(lost === undefined ? {} : { lost }),
  };
}

/**
 * A task that failed goes to a list of at most 1,000, from which nothing takes it. One that is tried alone is kept by its worker's name while it
 * runs, and only a worker of the same pod looks for it there; batches, which events are, are nowhere while they run.
 */
async function readLost(client: Redis, prefix: string, now: number): Promise<LostTasks | undefined> {
  const list = `${prefix}q:failed`;
  const [failed, left] = [await client.llen(list), await countLeft(client, prefix)];
  if (failed + left === 0) return undefined;
  const newest: TaskMoments[] = [];
  for (let place = 0; place < Math.min(failed, LOOKED_AT); place += 1) newest.push(await taskAt(client, list, place));
  const at = newest[0]?.failedAt;
  return { count: failed + left, events: newest.some(({ queue }) => queue === EVENT_QUEUE), ...(at === undefined ? {} : { newestSeconds: Math.max(0, now / 1_000 - at) }) };
}

async function taskAt(client: Redis, list: string, place: number): Promise<TaskMoments> {
  const payload = await client.lindexBuffer(list, place);
  return payload === null ? {} : readTask(payload);
}

/** Tasks of workers that do not say any more that they live. */
async function countLeft(client: Redis, prefix: string): Promise<number> {
  const [processing, alive] = [`${prefix}processing:`, `${prefix}alive:`];
  const workers = (await keysOf(client, processing)).map((key) => key.slice(processing.length));
  const counts = await Promise.all(workers.map(async (worker) => ((await client.exists(`${alive}${worker}`)) === 1 ? 0 : client.llen(`${processing}${worker}`))));
  return counts.reduce((sum, each) => sum + each, 0);
}

async function keysOf(client: Redis, start: string): Promise<readonly string[]> {
  const found = new Set<string>();
  let cursor = '0';
  for (let scans = 0; scans < MOST_SCANS; scans += 1) {
    const [next, keys] = await client.scan(cursor, 'MATCH', `${start}*`, 'COUNT', SCAN_COUNT);
    for (const key of keys) found.add(key);
    cursor = next;
    if (cursor === '0') break;
  }
  return [...found];
}
