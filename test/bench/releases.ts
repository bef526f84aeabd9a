// GlitchTip 6.2 in four parts and in one process beside 5.2, one after the other on fresh clusters: memory of the host, and events per second.
import { ensureImages, otherGlitchTips } from '../../embedded/images/index.js';
import type { SettingsInput } from '../../charts/settings/schema.js';
import type { BenchOptions } from './bench-options.js';
import { atMost, mebibytes, type Row, type Section } from './bench-report.js';
import { loadStage, time, type Measured } from './loaded-stage.js';
import { HOST, sampleIdle, watchedGroups, type MemoryUses } from './memory.js';
import { onOwnStage } from './own-stage.js';
import { measureStart } from './start.js';

/** More than any of them stores. Events per second; seconds. */
const BURST = { rate: 400, seconds: 20, reuse: true };
/** Seconds that a burst may take to be stored. */
const DRAIN_PATIENCE = 300;

const COMPARED = [
  { name: '5.2', settings: { version: '5.2', profile: 'classic' } },
  { name: '6.2', settings: { version: '6.2', profile: 'classic' } },
  { name: '6.2 tiny', settings: { version: '6.2', profile: 'tiny' } },
] as const satisfies readonly { readonly name: string; readonly settings: SettingsInput }[];

/** Of the host's peak in four parts that one process may take, and of its stored events that it stores at least. */
const TINY_GOALS = { memory: 0.85, stored: 1 } as const;

export interface ReleaseFound {
  readonly name: string;
  readonly idle: MemoryUses;
  readonly usual: Measured;
  readonly burst: Measured;
}

export async function measureReleases(options: BenchOptions, say: (line: string) => void, signal: AbortSignal): Promise<Section> {
  const found: ReleaseFound[] = [];
  for (const { name, settings } of COMPARED) {
    say(name);
    found.push(await onOwnStage(options, settings, { say, signal }, async (stage) => {
      if (settings.version !== '5.2') for (const { archive } of await ensureImages({ entries: otherGlitchTips })) await stage.cluster.importArchive(archive);
      await measureStart(stage);
      const idle = await sampleIdle(stage, await watchedGroups(stage));
      return { name, idle, usual: await loadStage(stage, { rate: options.rate, seconds: options.seconds }), burst: await loadStage(stage, BURST, DRAIN_PATIENCE) };
    }));
  }
  return { name: 'releases', rows: releaseRows(options.rate, found), numbers: found, note: NOTE };
}

const NOTE = "provisional where GlitchTip is a double: the memory and the CPU of 6.2's are ballast by what others say of it (test/glitchtip-double/six/glitchtip/figures.py), measured on no GlitchTip 6.2. "
  + 'What PostgreSQL and Valkey take for it is its own, for its queue, its tables and its statements are. The same load on fresh clusters, one after the other; the client shares the cores with the cluster.';

export function releaseRows(rate: number, found: readonly ReleaseFound[]): Row[] {
  const row = (what: string, measure: (each: ReleaseFound) => string): Row => ({ what, measured: found.map((each) => `${each.name}: ${measure(each)}`).join('; ') });
  return [
    row('host, idle', ({ idle }) => `working set ${mebibytes(idle[HOST]?.workingSet)}, own ${mebibytes(idle[HOST]?.own)}`),
    row(`host, ${rate}/s`, ({ usual }) => `working set at most ${mebibytes(usual.memory[HOST]?.workingSetMost)}`),
    row(`host, ${BURST.rate}/s`, ({ burst }) => `working set at most ${mebibytes(burst.memory[HOST]?.workingSetMost)}`),
    ...tinyRows(rate, found),
    row(`${rate}/s: accepted, stored`, ({ usual: { result } }) => `${result.accepted} of ${result.sent}, ${result.stored} stored`),
    row(`${rate}/s: accepted to stored`, ({ usual: { result: { lags } } }) => `p50 ${time(lags.p50)}, p99 ${time(lags.p99)}`),
    row(`${BURST.rate}/s: accepted, stored`, ({ burst: { result } }) => `${result.accepted} of ${result.sent}, ${result.stored} stored, ${result.storedRate.toFixed(0)} events/s`),
    ...partsOf(found).map((part) => row(part, ({ idle, usual }) => {
      const [before, under] = [idle[part], usual.memory[part]];
      return before === undefined ? 'none' : `own ${mebibytes(before.own)} idle, working set at most ${mebibytes(under?.workingSetMost)} at ${rate}/s`;
    })),
  ];
}

/** Whether one process is the better default for a host of 1.9 GiB; of a double they are as provisional as the rest. */
function tinyRows(rate: number, found: readonly ReleaseFound[]): Row[] {
  const [classic, tiny] = ['6.2', '6.2 tiny'].map((wanted) => found.find(({ name }) => name === wanted));
  if (classic === undefined || tiny === undefined) return [];
  const peak = ({ usual, burst }: ReleaseFound) => Math.max(...[usual, burst].map(({ memory }) => memory[HOST]?.workingSetMost ?? Number.NaN));
  const [memory, stored] = [peak(tiny) / peak(classic), tiny.burst.result.storedRate / classic.burst.result.storedRate];
  return [
    { what: `6.2 tiny / 6.2: host, ${rate}/s and ${BURST.rate}/s`, measured: `${memory.toFixed(2)} of its largest working set`, goal: atMost(memory, TINY_GOALS.memory) },
    { what: `6.2 tiny / 6.2: stored at ${BURST.rate}/s`, measured: `${stored.toFixed(2)} of its events/s`, goal: { text: `at least ${TINY_GOALS.stored}`, met: stored >= TINY_GOALS.stored } },
  ];
}

/** Of any of them. */
function partsOf(found: readonly ReleaseFound[]): string[] {
  return [...new Set(found.flatMap(({ idle }) => Object.keys(idle)))].filter((name) => name !== HOST);
}
