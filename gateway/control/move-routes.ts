// PUT, GET and DELETE /move, and GET /move/compare.
import { readJson } from '../../operator/core/json-text.js';
import { readMoveOrder } from '../core/move-order.js';
import type { Moving } from '../move/moving.js';
import type { ComparedHour } from '../move/move-counts.js';
import type { ComparedProject, LackedLine, MoveAnswer, MoveComparison } from './control-answers.js';
import { json, refused, type ControlAnswer, type ControlRequest } from './control-answer.js';

export type MovePort = Pick<Moving, 'put' | 'end' | 'look' | 'status' | 'move' | 'counts'>;

/** Of an answer; beyond it, how many more there are. */
const MOST_LACKED = 1_000;

export class MoveRoutes {
  constructor(private readonly moving: MovePort, private readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void) {}

  /** Answered when it is durable, and counts here; another gateway of the volume knows within half a second. */
  put({ body }: ControlRequest): ControlAnswer {
    const order = readMoveOrder(readJson(body.toString('utf8')));
    if ('refusal' in order) return refused(400, order.refusal);
    const state = this.moving.put(order);
    if (state === 'no pairs') return refused(400, 'pairs: expected a list, for none is known, found nothing');
    this.log('what comes is for the old Sentry, too', { leads: state.leads, share: state.share, pairs: state.pairs.length });
    return json(200, { move: this.moving.status });
  }

  get(): ControlAnswer {
    this.moving.look();
    const { status, move: { current } } = this.moving;
    if (!status || !current || current === 'damaged') return refused(404, current === 'damaged' ? 'the file of the move is damaged' : 'there is no move');
    return json(200, { move: status, share: current.share, pairs: current.pairs.map(({ project, key, old }) => ({ project, key, old: old.text })) } satisfies MoveAnswer);
  }

  end(): ControlAnswer {
    this.moving.end();
    this.log('nothing is given to the old Sentry any more', {});
    return { kind: 'json', status: 204 };
  }

  compare({ query }: ControlRequest): ControlAnswer {
    const { current } = this.moving.move;
    if (!current || current === 'damaged') return refused(404, 'there is no move');
    const [from, to] = [instantOf(query.get('from'), current.since), instantOf(query.get('to'), Number.MAX_SAFE_INTEGER)];
    if (from === undefined) return refused(400, `from: expected an instant such as 2026-06-01T12:00:00Z, found ${JSON.stringify(query.get('from'))}`);
    if (to === undefined) return refused(400, `to: expected an instant such as 2026-06-01T12:00:00Z, found ${JSON.stringify(query.get('to'))}`);
    return json(200, comparisonOf(this.moving.counts.read(current.since, from, to)));
  }
}

function instantOf(text: string | null, usual: number): number | undefined {
  const at = text === null ? usual : Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

function comparisonOf(hours: readonly ComparedHour[]): MoveComparison {
  const projects = hours.flatMap(projectsOf);
  const lacked = hours.flatMap(({ at, counts }) => counts.lacked.map(({ project, id, side, why }): LackedLine => ({ project, hour: new Date(at).toISOString(), event: id, side, why })));
  const all = projects.reduce((sum, { lacks: { glitchtip, old } }) => sum + glitchtip + old, 0);
  const named = lacked.slice(0, MOST_LACKED);
  return { hours: projects, lacked: named, notNamed: Math.max(0, all - named.length) };
}

function projectsOf({ at, counts: { projects, isInterrupted } }: ComparedHour): readonly ComparedProject[] {
  return Object.entries(projects).map(([project, { taken, has, lacks, onlyOld, cut }]) => ({
    project: Number(project), hour: new Date(at).toISOString(), taken, stored: has.glitchtip, sent: has.old, lacks,
    waiting: { glitchtip: Math.max(0, taken - has.glitchtip - lacks.glitchtip), old: Math.max(0, taken - has.old - lacks.old) },
    onlyOld, cut, ...(isInterrupted ? { mayLack: true as const } : {}),
  }));
}
