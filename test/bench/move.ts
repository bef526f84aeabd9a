// What a second destination costs: the gateway's answers under the same load, without a move and with one, in turns; and how long a rollback takes.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../sdk/statistics.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { startLoad } from '../support/move/event-load.js';
import { IngestServer } from '../support/move/ingest-server.js';
import type { BenchOptions } from './bench-options.js';
import { atMost, mebibytes, type Row, type Section } from './bench-report.js';
import { describeResident, peaks, readResident, type Resident } from './resident.js';
import { everySecond } from './sampling.js';

const [PROJECT, KEY, OLD_PROJECT, OLD_KEY] = [7, 'abcdefabcdefabcdefabcdefabcdefab', 42, '0123456789abcdef0123456789abcdef'];
const TURNS = 3;
/** Seconds of each turn. */
const LONGEST_TURN = 20;
/** Of the slowest hundredth. */
const LARGEST_RATIO = 1.2;
/** The gateway's limit by default (charts/settings/schema.ts), for what is its own. Bytes. */
const LARGEST_OWN = 96 * 2 ** 20;
/** Seconds from the order to the first record under the one that leads. */
const LONGEST_ROLLBACK = 10;

interface Numbers {
  /** Milliseconds of each answer. */
  readonly waits: { readonly alone: number[]; readonly moving: number[] };
  /** Of the gateway, once a second. */
  readonly memory: { readonly alone: Resident[]; readonly moving: Resident[] };
  /** Events that were accepted during moves and never given to the old one. */
  lost: number;
  /** Milliseconds. */
  readonly changes: number[];
}

export async function measureMove({ rate, seconds }: Pick<BenchOptions, 'rate' | 'seconds'>, say: (line: string) => void): Promise<Section> {
  const [glitchtip, old] = [new IngestServer([PROJECT]), new IngestServer([OLD_PROJECT])];
  await Promise.all([glitchtip.listen(), old.listen()]);
  // Without Postgres: keys are those of its volume, and what GlitchTip took stays in the spool, with a move and without.
  const gateway = await GatewayProcess.start({ webPort: glitchtip.port, database: 'glitchtip', password: 'move' }, { keys: [[PROJECT, KEY]] });
  try {
    const numbers: Numbers = { waits: { alone: [], moving: [] }, memory: { alone: [], moving: [] }, lost: 0, changes: [] };
    for (let turn = 0; turn < TURNS; turn += 1) {
      say(`move: turn ${turn + 1} of ${TURNS}`);
      await measureTurn({ gateway, old, rate, seconds: Math.min(seconds, LONGEST_TURN) }, numbers);
    }
    return { name: 'move', rows: moveRows(numbers), numbers };
  } finally {
    await Promise.all([gateway.stop(), glitchtip.close(), old.close()]);
  }
}

async function measureTurn({ gateway, old, rate, seconds }: { readonly gateway: GatewayProcess; readonly old: IngestServer; readonly rate: number; readonly seconds: number }, numbers: Numbers): Promise<void> {
  const alone = startLoad({ port: gateway.port, project: PROJECT, key: KEY }, rate);
  await watch(gateway, seconds, numbers.memory.alone);
  await alone.stop();
  numbers.waits.alone.push(...alone.waits);
  const order = (leads: string) => gateway.ask('PUT', '/move', { leads, share: 25, pairs: [{ project: PROJECT, key: KEY, old: `http://${OLD_KEY}@127.0.0.1:${old.port}/${OLD_PROJECT}` }] });
  await order('glitchtip');
  const moving = startLoad({ port: gateway.port, project: OLD_PROJECT, key: OLD_KEY }, rate);
  await watch(gateway, seconds, numbers.memory.moving);
  const at = Date.now();
  await order('old');
  for (;;) {
    const { move } = await gateway.status();
    if (move?.ledAt !== undefined) numbers.changes.push(Date.parse(move.ledAt) - at);
    if (move?.ledAt !== undefined || Date.now() - at > 2_000 * LONGEST_ROLLBACK) break;
    await sleep(20);
  }
  await moving.stop();
  numbers.waits.moving.push(...moving.waits);
  await sleep(2_000);
  numbers.lost += moving.accepted.filter((id) => !old.taken.has(id)).length;
  await gateway.ask('DELETE', '/move');
}

/** So many seconds of it. */
async function watch({ pid }: GatewayProcess, seconds: number, samples: Resident[]): Promise<void> {
  const stop = everySecond(async () => { samples.push(readResident(await readFile(`/proc/${pid}/status`, 'utf8'))); });
  await sleep(seconds * 1_000);
  await stop();
}

export function moveRows({ waits: { alone, moving }, memory, lost, changes }: Numbers): Row[] {
  const [without, beside] = [peaks(memory.alone), peaks(memory.moving)];
  const ratio = (percentile(moving, 99) ?? Number.NaN) / (percentile(alone, 99) ?? Number.NaN);
  const longest = changes.length === TURNS ? Math.max(...changes) / 1_000 : Number.NaN;
  return [
    { what: 'answers without a move', measured: answers(alone) },
    { what: 'answers with one', measured: answers(moving) },
    { what: 'with / without, p99', measured: ratio.toFixed(2), goal: atMost(ratio, LARGEST_RATIO) },
    { what: 'memory of the gateway without a move, most', measured: describeResident(without) },
    { what: 'memory of the gateway with one, most', measured: `${describeResident(beside)}; ${mebibytes(beside.own - without.own)} more of its own`, goal: atMost(Math.ceil(beside.own / 2 ** 20), LARGEST_OWN / 2 ** 20, 'Mi') },
    { what: 'from the order to the first record under the one that leads, longest', measured: `${longest.toFixed(2)} s`, goal: atMost(longest, LONGEST_ROLLBACK, ' s') },
    { what: 'accepted and never given to the old one', measured: String(lost), goal: atMost(lost, 0) },
  ];
}

function answers(waits: readonly number[]): string {
  return `${waits.length}: p50 ${(percentile(waits, 50) ?? Number.NaN).toFixed(1)} ms, p99 ${(percentile(waits, 99) ?? Number.NaN).toFixed(1)} ms`;
}
