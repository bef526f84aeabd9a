// What a second destination costs: the gateway's answers under the same load, without a move and with one, in turns; and how long a rollback takes.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../sdk/statistics.js';
import { freePort } from '../api/control-plane.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { startLoad } from '../support/move/event-load.js';
import { OldSentryProcess } from '../support/old-sentry-process.js';
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
  const [webPort, oldPort] = [await freePort(), await freePort()];
  // Any server that answers 200 does for both. Processes of their own: the one that measures does nothing else.
  const [glitchtip, old] = await Promise.all([webPort, oldPort].map((port) => OldSentryProcess.start({ host: '127.0.0.1', port }))) as [OldSentryProcess, OldSentryProcess];
  // Without Postgres: keys are those of its volume, and what GlitchTip took stays in the spool, with a move and without.
  const gateway = await GatewayProcess.start({ webPort, database: 'glitchtip', password: 'move' }, { keys: [[PROJECT, KEY]] });
  try {
    const numbers: Numbers = { waits: { alone: [], moving: [] }, memory: { alone: [], moving: [] }, lost: 0, changes: [] };
    for (let turn = 0; turn < TURNS; turn += 1) {
      say(`move: turn ${turn + 1} of ${TURNS}`);
      await measureTurn({ gateway, old, rate, seconds: Math.min(seconds, LONGEST_TURN) }, numbers);
    }
    return { name: 'move', rows: moveRows(numbers), numbers };
  } finally {
    await Promise.all([gateway.stop(), glitchtip.stop(), old.stop()]);
  }
}

async function measureTurn({ gateway, old, rate, seconds }: { readonly gateway: GatewayProcess; readonly old: OldSentryProcess; readonly rate: number; readonly seconds: number }, numbers: Numbers): Promise<void> {
  const alone = startLoad({ port: gateway.port, project: PROJECT, key: KEY }, rate);
  await watch(gateway, seconds, numbers.memory.alone);
  await alone.stop();
  numbers.waits.alone.push(...alone.waits);
  const order = (leads: string) => gateway.ask('PUT', '/move', { leads, share: 25, pairs: [{ project: PROJECT, key: KEY, old: `${old.url.replace('//', `//${OLD_KEY}@`)}/${OLD_PROJECT}` }] });
  await order('glitchtip');
  const moving = startLoad({ port: gateway.port, project: OLD_PROJECT, key: OLD_KEY }, rate);
  await watch(gateway, seconds, numbers.memory.moving);
  const at = Date.now();
  await order('old');
  const ledAt = await untilLed(gateway);
  if (ledAt !== undefined) numbers.changes.push(ledAt - at);
  await moving.stop();
  numbers.waits.moving.push(...moving.waits);
  await sleep(2_000);
  const taken = new Set((await old.taken()).ids);
  numbers.lost += moving.accepted.filter((id) => !taken.has(id)).length;
  await gateway.ask('DELETE', '/move');
}

/** When the first record came under the one that leads, in milliseconds of Unix time; undefined: none did in twice the time that it may take. */
async function untilLed(gateway: GatewayProcess): Promise<number | undefined> {
  for (const deadline = Date.now() + 2_000 * LONGEST_ROLLBACK; Date.now() < deadline;) {
    const { move } = await gateway.status();
    if (move?.ledAt !== undefined) return Date.parse(move.ledAt);
    await sleep(20);
  }
  return undefined;
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
