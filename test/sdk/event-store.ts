// Reads events back from the instance, and turns "what was sent" and "what is stored" into a finding.
import { setTimeout as sleep } from 'node:timers/promises';
import type { GlitchTipApi, ProjectPath, StoredEvent } from './glitchtip-api.js';
import { isAccepted, type Delivery } from './recording-transport.js';
import { seconds } from './statistics.js';
import type { Context, Finding } from './suite.js';

/** An event as found in the instance. */
export interface Found {
  readonly event: StoredEvent;
  /** The API's whole answer, for searching in. */
  readonly raw: unknown;
  /** Milliseconds that it took to be found. */
  readonly after: number;
}

const POLL_EVERY_MS = 500;
const AFTER_A_MISS_MS = 5000;

/** The stored events of one project. */
export class EventStore {
  private patienceMs: number;

  /** @param wait seconds that an event may take */
  constructor(
    readonly api: GlitchTipApi,
    readonly at: ProjectPath,
    wait: number,
  ) {
    this.patienceMs = wait * 1000;
  }

  /** The event, or undefined when it is not stored in time. After one miss the next ones are given only 5 s. */
  find(eventId: string, patienceMs?: number): Promise<Found | undefined> {
    return this.until((after) => this.look(eventId, after), patienceMs);
  }

  /** Asks again and again until there is an answer or the patience is over. A miss within a patience of its own changes nothing for the next ones. */
  async until<T>(look: (after: number) => Promise<T | undefined>, patienceMs?: number): Promise<T | undefined> {
    const started = Date.now();
    for (;;) {
      const found = await look(Date.now() - started);
      if (found !== undefined) return found;
      if (Date.now() - started > (patienceMs ?? this.patienceMs)) break;
      await sleep(POLL_EVERY_MS);
    }
    if (patienceMs === undefined) this.patienceMs = Math.min(this.patienceMs, AFTER_A_MISS_MS);
    return undefined;
  }

  private async look(eventId: string, after: number): Promise<Found | undefined> {
    const found = await this.api.findEvent(this.at, eventId);
    return found && { ...found, after };
  }
}

/** Says what is wrong with a stored event; nothing when it is as sent. */
export type Inspection = (found: Found) => readonly string[] | Promise<readonly string[]>;

/** Sends what the SDK captured, and finds it again. The usual end of a test in 01 and 02. */
export async function proveStored(context: Context, eventId: string, inspect: Inspection, patienceMs?: number): Promise<Finding> {
  await context.sdk.flush();
  return proveDelivered(context, context.sdk.delivery(eventId), inspect, patienceMs);
}

/** The same for an event whose delivery is known from elsewhere (a child process). */
export async function proveDelivered(
  context: Context,
  delivery: Delivery | undefined,
  inspect: Inspection,
  patienceMs?: number,
): Promise<Finding> {
  const counts = { sent: 1, accepted: isAccepted(delivery) ? 1 : 0 };
  if (delivery === undefined || counts.accepted === 0) return { result: 'failed', detail: refusal(delivery), ...counts };
  if (context.store === undefined) return { result: 'accepted only', detail: `answered ${delivery.answer}`, ...counts };
  const found = await context.store.find(delivery.eventId, patienceMs);
  if (found === undefined) return { result: 'failed', detail: notStored(delivery), ...counts, stored: 0 };
  const problems = await inspect(found);
  const detail = problems.length === 0 ? `found after ${seconds(found.after)}` : problems.join('; ');
  return { result: problems.length === 0 ? 'passed' : 'failed', detail, ...counts, stored: 1 };
}

/** Why an event was not taken, in words that name the cause. */
export function refusal(delivery: Delivery | undefined): string {
  if (delivery === undefined) return 'the SDK sent nothing';
  switch (delivery.answer) {
    case 'dropped':
      return 'the SDK dropped it: the server asked it to wait (429), or its buffer was full';
    case 400:
      return 'answered 400: a broken envelope; of GlitchTip 5.2 also a host name that is not among ALLOWED_HOSTS';
    case 401:
    case 403:
      return `answered ${delivery.answer}: wrong key or project (for 30 s GlitchTip 5.2 then blocks the project, 6.2 this key)`;
    case 429:
      return 'answered 429: the project or the organisation is throttled';
    case 500:
      return 'answered 500: the database or Valkey is down, MAINTENANCE_EVENT_FREEZE is set, or, of GlitchTip 5.2, Valkey is full or the web server cannot read chunked bodies (USE_GRANIAN)';
    case 503:
      return 'answered 503: no web pod is ready, or MAINTENANCE_EVENT_FREEZE is set';
    default:
      return `not accepted: ${delivery.answer}`;
  }
}

function notStored(delivery: Delivery): string {
  return `answered ${delivery.answer} but not stored in time: is the worker running, and does the web server read bodies?`;
}

/** "expected X, found Y" for each of the named values that differ. Values are compared as JSON. */
export function differences(expected: Readonly<Record<string, unknown>>, found: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(expected)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(found[name]))
    .map(([name, value]) => `${name}: expected ${shown(value)}, found ${shown(found[name])}`);
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200);
}
