// What each request to the control port does, once it is known who asks.
import type { Hold } from '../delivery/hold.js';
import type { Keep } from '../delivery/keep.js';
import type { Turn } from '../delivery/turn.js';
import type { WorkerStart } from '../delivery/worker-start.js';
import { json, refused, type ControlAnswer, type ControlRequest } from './control-answer.js';
import { RECORD_STATES, type GatewayStatus, type RecordState } from './control-answers.js';
import { MoveRoutes, type MovePort } from './move-routes.js';
import { holdStatus } from './observe-status.js';
import type { Records, Wanted } from './records.js';

export interface RoutesPorts {
  /** @throws the system's error */
  readonly status: () => GatewayStatus;
  readonly hold: Pick<Hold, 'begin' | 'look' | 'end'>;
  readonly keep: Pick<Keep, 'begin' | 'beginRound' | 'end'>;
  readonly turn: Pick<Turn, 'isQuiet'>;
  readonly workerStart: Pick<WorkerStart, 'tell'>;
  readonly records: Pick<Records, 'list' | 'find' | 'resend' | 'drop'>;
  readonly moving: MovePort;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

type Handler = (request: ControlRequest, id: string) => ControlAnswer | Promise<ControlAnswer>;

/** Of a reason, for a person. Characters. */
const LONGEST_WHY = 500;
/** Records of one answer. */
const LIMIT = { usual: 100, most: 1_000 };
/** Until the lock of another gateway is tried again. Milliseconds. */
const TRY_EVERY = 100;
/** Two clocks may differ by so much; what is told of a later time is a mistake. Milliseconds. */
const CLOCK_SKEW = 300_000;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const ID = '([0-9a-f]{32})';

export class ControlRoutes {
  readonly #routes: readonly (readonly [path: RegExp, handlers: Readonly<Record<string, Handler>>])[];

  constructor(private readonly ports: RoutesPorts) {
    const move = new MoveRoutes(ports.moving, ports.log);
    this.#routes = [
      [/^\/status$/, { GET: () => json(200, ports.status()) }],
      [/^\/hold$/, { PUT: (request) => this.#beginHold(request), DELETE: () => this.#endHold() }],
      [/^\/keep$/, { DELETE: () => this.#endKeep() }],
      [/^\/move$/, { GET: () => move.get(), PUT: (request) => move.put(request), DELETE: () => move.end() }],
      [/^\/move\/compare$/, { GET: (request) => move.compare(request) }],
      [/^\/worker-restarted$/, { POST: (request) => this.#tellWorkerStart(request) }],
      [/^\/records$/, { GET: (request) => this.#list(request) }],
      [new RegExp(`^/records/${ID}$`), { GET: (_, id) => this.#show(id), DELETE: (_, id) => this.#drop(id) }],
      [new RegExp(`^/records/${ID}/resend$`), { POST: (_, id) => this.#resend(id) }],
    ];
  }

  /** @throws the system's error, SpoolFullError */
  async answer(request: ControlRequest): Promise<ControlAnswer> {
    for (const [pattern, handlers] of this.#routes) {
      const match = pattern.exec(request.path);
      if (!match) continue;
      const handler = handlers[request.method];
      const allow = Object.keys(handlers).join(', ');
      return handler ? await handler(request, match[1] ?? '') : { ...refused(405, `expected ${allow}, found ${request.method}`), allow };
    }
    return refused(404, 'not found: records have ids of 32 hexadecimal digits');
  }

  async #beginHold({ body, signal }: ControlRequest): Promise<ControlAnswer> {
    const why = fieldOf(body, 'why');
    if (typeof why !== 'string' || why.trim() === '' || why.length > LONGEST_WHY) return refused(400, `why: expected a text of 1 to ${LONGEST_WHY} characters, found ${describe(why)}`);
    const keep = fieldOf(body, 'keep') ?? false;
    if (typeof keep !== 'boolean') return refused(400, `keep: expected true or false, found ${describe(keep)}`);
    // What drains while it is held is kept already.
    if (keep) this.ports.keep.begin(why);
    const hold = this.ports.hold.begin(why);
    this.ports.log('nothing is given to GlitchTip from now on', { why, keep });
    const isQuiet = await this.ports.turn.isQuiet(() => new Promise((resolve) => setTimeout(resolve, TRY_EVERY)), signal);
    return isQuiet ? json(200, holdStatus(hold)) : refused(409, 'the hold was ended before the last request to GlitchTip was answered');
  }

  /** The round first: whoever finds no hold looks for what is kept before it gives. */
  #endHold(): ControlAnswer {
    if (this.ports.hold.look()) this.ports.keep.beginRound();
    this.ports.hold.end();
    this.ports.log('GlitchTip may be given to again', {});
    return { kind: 'json', status: 204 };
  }

  #endKeep(): ControlAnswer {
    if (this.ports.hold.look()) return refused(409, 'expected no hold, for the database that is live has to say what may go; found one');
    this.ports.keep.end();
    this.ports.log('what GlitchTip has stored is let go again', {});
    return { kind: 'json', status: 204 };
  }

  #tellWorkerStart({ body }: ControlRequest): ControlAnswer {
    const text = fieldOf(body, 'at');
    const at = typeof text === 'string' && INSTANT.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(at)) return refused(400, `at: expected an instant such as 2026-06-01T12:00:00Z, found ${describe(text)}`);
    if (at > this.ports.now() + CLOCK_SKEW) return refused(400, `at: expected an instant that is past, found ${describe(text)}`);
    return json(200, { at: new Date(this.ports.workerStart.tell(at)).toISOString() });
  }

  #list({ query }: ControlRequest): ControlAnswer {
    const wanted = wantedOf(query);
    return 'refusal' in wanted ? refused(400, wanted.refusal) : { kind: 'lines', lines: this.ports.records.list(wanted) };
  }

  async #show(id: string): Promise<ControlAnswer> {
    const record = await this.ports.records.find(id);
    return record ? { kind: 'record', record } : refused(404, `there is no record ${id} in the spool of this gateway, nor among what was set aside, or it is damaged`);
  }

  async #resend(id: string): Promise<ControlAnswer> {
    const result = await this.ports.records.resend(id);
    switch (result.kind) {
      case 'resent': {
        this.ports.log('a record is given to GlitchTip again, for a person wants it', { record: id });
        return json(200, result.line);
      }
      case 'not there': return notSetAside(id);
      case 'damaged': return refused(409, `record ${id} can only be dropped: ${result.why}`);
      case 'being resent': return beingResent(id);
    }
  }

  #drop(id: string): ControlAnswer {
    const result = this.ports.records.drop(id);
    switch (result.kind) {
      case 'dropped': {
        this.ports.log('a record was dropped, for a person wants it', { record: id, project: result.line.project });
        return json(200, result.line);
      }
      case 'not there': return notSetAside(id);
      case 'being resent': return beingResent(id);
    }
  }
}

function wantedOf(query: URLSearchParams): Wanted | { readonly refusal: string } {
  const unknown = [...query.keys()].find((name) => !['state', 'project', 'limit'].includes(name));
  if (unknown !== undefined) return { refusal: `expected state, project or limit, found ${describe(unknown)}` };
  const state = query.get('state') ?? undefined;
  if (state !== undefined && !isState(state)) return { refusal: `state: expected one of ${RECORD_STATES.join(', ')}, found ${describe(state)}` };
  const [project, limit] = [wholeNumber(query.get('project'), Number.MAX_SAFE_INTEGER), wholeNumber(query.get('limit'), LIMIT.most)];
  if (project === 'none') return { refusal: `project: expected a whole number from 1 on, found ${describe(query.get('project'))}` };
  if (limit === 'none') return { refusal: `limit: expected a whole number from 1 to ${LIMIT.most}, found ${describe(query.get('limit'))}` };
  return { state, project, limit: limit ?? LIMIT.usual };
}

function isState(text: string): text is RecordState {
  return (RECORD_STATES as readonly string[]).includes(text);
}

function wholeNumber(text: string | null, most: number): number | 'none' | undefined {
  if (text === null) return undefined;
  const value = Number(text);
  return /^\d{1,16}$/.test(text) && value >= 1 && value <= most ? value : 'none';
}

/** Undefined: no JSON object, or none that has it. */
function fieldOf(body: Buffer, name: string): unknown {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
  } catch {
    return undefined;
  }
}

function describe(found: unknown): string {
  const text = found === undefined ? 'nothing' : JSON.stringify(found);
  return text.length <= 100 ? text : `${text.slice(0, 100)}... (${text.length} characters)`;
}

function notSetAside(id: string): ControlAnswer {
  return refused(404, `there is no record ${id} among what was set aside`);
}

function beingResent(id: string): ControlAnswer {
  return refused(409, `record ${id} is being sent again at this moment`);
}
