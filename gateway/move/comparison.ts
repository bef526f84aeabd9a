// What each side of a move has of an hour, counted in events: what came, what GlitchTip stored, what the old Sentry took, and what one of them lacks.
import * as z from 'zod/mini';

/** The two sides. */
export const SIDES = ['glitchtip', 'old'] as const;
export type Side = (typeof SIDES)[number];

const bySide = z.object({ glitchtip: z.int(), old: z.int() });

const projectCounts = z.object({
  /** Events that came and are for both. */
  taken: z.int(),
  /** Of them, those that a side has: a row in GlitchTip's Postgres, a 2xx of the old one. */
  has: bySide,
  /** Of them, those that a side will never have. */
  lacks: bySide,
  /** Requests that only the old one is given: GlitchTip keeps nothing of them, or refuses them. */
  onlyOld: z.int(),
  /** Requests of which the old one is given what GlitchTip is given, for what came could not be held. */
  cut: z.int(),
});
export type ProjectCounts = z.output<typeof projectCounts>;

const lackedEvent = z.object({
  project: z.int(),
  /** 32 hexadecimal digits. */
  id: z.string(),
  side: z.enum(SIDES),
  why: z.string(),
});
export type LackedEvent = z.output<typeof lackedEvent>;

export const hourCounts = z.object({
  projects: z.record(z.string(), projectCounts),
  /** Events that one side lacks: the first MOST_NAMED of the hour. */
  lacked: z.array(lackedEvent),
  /** A gateway ended in this hour without writing down its last seconds. */
  isInterrupted: z.boolean(),
});
export type HourCounts = z.output<typeof hourCounts>;

/** Events of an hour that are named; of more, only how many. */
export const MOST_NAMED = 200;

export const NOTHING: HourCounts = { projects: {}, lacked: [], isInterrupted: false };
const NO_COUNTS: ProjectCounts = { taken: 0, has: { glitchtip: 0, old: 0 }, lacks: { glitchtip: 0, old: 0 }, onlyOld: 0, cut: 0 };

/** Pure. */
export function withCounts(hour: HourCounts, project: number, change: (counts: ProjectCounts) => ProjectCounts): HourCounts {
  return { ...hour, projects: { ...hour.projects, [project]: change(hour.projects[project] ?? NO_COUNTS) } };
}

/** Pure. */
export function withLacked(hour: HourCounts, lacked: readonly LackedEvent[]): HourCounts {
  return { ...hour, lacked: [...hour.lacked, ...lacked.slice(0, Math.max(0, MOST_NAMED - hour.lacked.length))] };
}

/** Of two gateways. Pure. */
export function together(one: HourCounts, other: HourCounts): HourCounts {
  const sum = Object.entries(other.projects).reduce((hour, [project, counts]) => withCounts(hour, Number(project), (own) => added(own, counts)), one);
  return { ...sum, lacked: [...one.lacked, ...other.lacked], isInterrupted: one.isInterrupted || other.isInterrupted };
}

function added(one: ProjectCounts, other: ProjectCounts): ProjectCounts {
  const sides = (name: 'has' | 'lacks') => ({ glitchtip: one[name].glitchtip + other[name].glitchtip, old: one[name].old + other[name].old });
  return { taken: one.taken + other.taken, has: sides('has'), lacks: sides('lacks'), onlyOld: one.onlyOld + other.onlyOld, cut: one.cut + other.cut };
}

/** Numbers of one side more. Pure. */
export function sideAdded(counts: ProjectCounts, name: 'has' | 'lacks', { side, events }: { readonly side: Side; readonly events: number }): ProjectCounts {
  return { ...counts, [name]: { ...counts[name], [side]: counts[name][side] + events } };
}
