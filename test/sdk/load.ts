// An open-loop load generator: numbered events at a fixed rate, whatever the server does, with a record of each.
import { randomBytes, randomUUID } from 'node:crypto';
import * as http from 'node:http';
import * as https from 'node:https';
import { authHeader, envelopeUrl, type Dsn } from './dsn.js';
import { NoAnswer, send } from './http-client.js';
import { percentile } from './statistics.js';

/** What became of one event on its way in. `error` has Node's code; `held back`: too many were under way already. */
export type Outcome =
  | { readonly kind: 'accepted'; readonly status: number }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'error'; readonly code: string }
  | { readonly kind: 'held back' };

/** One event of a run. Times are milliseconds since the epoch. */
export interface SentEvent {
  /** 1, 2, 3, ... in the order of sending. */
  readonly number: number;
  /** 32 hexadecimal digits. */
  readonly eventId: string;
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly outcome: Outcome;
}

export interface LoadOptions {
  readonly dsn: Dsn;
  /** Events per second. */
  readonly rate: number;
  /** How long to send. @default until `signal` says stop */
  readonly seconds?: number;
  /** @default a new one; it is in every event's title */
  readonly runId?: string;
  /**
   * Reuse connections, as Sentry's SDKs for Node do in a burst. uWSGI closes each after its answer: unless it says so
   * (UWSGI_ADD_HEADER="Connection: close"), reuse ends in ECONNRESET. @default false
   */
  readonly reuse?: boolean;
  /** Further headers, such as the Host that the server knows itself by where the DSN has its bare address. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of one event; it is filled up to that. @default about 1,500 */
  readonly bytes?: number;
  /** An attachment of so many bytes beside each event, which GlitchTip does not keep. @default none */
  readonly attachmentBytes?: number;
  /** Milliseconds to wait for one answer. @default 30000 */
  readonly timeoutMs?: number;
  /** Events that may be under way at once; the rest is 'held back'. Above uWSGI's queue, so that it decides. @default 2000 */
  readonly maxUnderWay?: number;
  /** Stops sending; events under way are still waited for. */
  readonly signal?: AbortSignal;
  /** Called about once a second. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

export interface LoadProgress {
  readonly sent: number;
  readonly accepted: number;
  readonly notAccepted: number;
}

export interface LoadReport {
  readonly runId: string;
  /** In the order of their numbers. */
  readonly events: readonly SentEvent[];
  readonly startedAt: number;
  /** When the last event was sent, not when it was answered. */
  readonly endedAt: number;
}

/** Sends until the time is over or the signal says stop, then waits for the answers. Never throws for a lost event. */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const runId = options.runId ?? newRunId();
  const events: SentEvent[] = [];
  const underWay = new Set<Promise<void>>();
  const shoot = shooter(options, runId);
  const startedAt = Date.now();
  let number = 0;
  const fire = (): void => {
    number += 1;
    const one = shoot(number, underWay.size).then((event) => {
      events.push(event);
      underWay.delete(one);
    });
    underWay.add(one);
  };
  await everyDue(options, fire, () => options.onProgress?.(progressOf(number, events)));
  const endedAt = Date.now();
  await Promise.all(underWay);
  options.onProgress?.(progressOf(number, events));
  return { runId, events: events.toSorted((a, b) => a.number - b.number), startedAt, endedAt };
}

/** Short enough for a title, unique enough for a project's lifetime. */
export function newRunId(): string {
  return randomUUID().slice(0, 8);
}

// The clock is read every 10 ms and what is due since then is sent: a busy machine delays events but drops none.
const TICK_MS = 10;
const PROGRESS_MS = 1000;

function everyDue(options: LoadOptions, fire: () => void, progress: () => void): Promise<void> {
  const total = options.seconds === undefined ? Infinity : Math.round(options.rate * options.seconds);
  const started = performance.now();
  let fired = 0;
  let reported = started;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now();
      const due = Math.min(total, Math.floor(((now - started) * options.rate) / 1000) + 1);
      const stop = options.signal?.aborted === true;
      for (; fired < due && !stop; fired += 1) fire();
      if (now - reported >= PROGRESS_MS) {
        reported = now;
        progress();
      }
      if (fired < total && !stop) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
}

function progressOf(sent: number, events: readonly SentEvent[]): LoadProgress {
  const accepted = events.filter(({ outcome }) => outcome.kind === 'accepted').length;
  return { sent, accepted, notAccepted: events.length - accepted };
}

/** Makes and posts one event. The agent is shared when connections are reused, else each event has its own connection. */
function shooter(options: LoadOptions, runId: string): (number: number, underWay: number) => Promise<SentEvent> {
  const { dsn } = options;
  const Agent = dsn.baseUrl.startsWith('https:') ? https.Agent : http.Agent;
  const agent = new Agent({ keepAlive: options.reuse ?? false });
  const headers = { 'content-type': 'application/x-sentry-envelope', 'x-sentry-auth': authHeader(dsn), ...options.headers };
  return async (number, underWay) => {
    const eventId = randomUUID().replaceAll('-', '');
    const sentAt = Date.now();
    if (underWay >= (options.maxUnderWay ?? 2000)) {
      return { number, eventId, sentAt, answeredAt: sentAt, outcome: { kind: 'held back' } };
    }
    const body = envelope(eventId, runId, number, options);
    const outcome = await post({ url: envelopeUrl(dsn), method: 'POST', headers, body, agent, timeoutMs: options.timeoutMs });
    return { number, eventId, sentAt, answeredAt: Date.now(), outcome };
  };
}

async function post(request: Parameters<typeof send>[0]): Promise<Outcome> {
  try {
    const { status } = await send(request);
    return status >= 200 && status < 300 ? { kind: 'accepted', status } : { kind: 'refused', status };
  } catch (error) {
    if (error instanceof NoAnswer) return { kind: 'error', code: error.code };
    throw error;
  }
}

/** One exception with a short stack; all of a run are one issue by their fingerprint. */
export function envelope(eventId: string, runId: string, number: number, { bytes = 0, attachmentBytes = 0 }: Pick<LoadOptions, 'bytes' | 'attachmentBytes'> = {}): string {
  const timestamp = Date.now() / 1000;
  const make = (filling: string) => JSON.stringify({
    event_id: eventId,
    ...(filling === '' ? {} : { extra: { filling } }),
    timestamp,
    platform: 'node',
    level: 'error',
    environment: 'glitchkeeper-verify',
    fingerprint: ['glitchkeeper-load', runId],
    tags: { 'glitchkeeper.run': runId },
    exception: { values: [{ type: 'LoadTest', value: loadTitle(runId, number), stacktrace: { frames: FRAMES } }] },
  });
  const short = make('');
  // What does not repeat, so that it is as large packed as it is unpacked.
  const event = bytes > short.length ? make(randomBytes(Math.ceil(bytes / 2)).toString('hex').slice(0, bytes - short.length)) : short;
  const items = [`${JSON.stringify({ type: 'event', length: Buffer.byteLength(event) })}\n${event}\n`];
  if (attachmentBytes > 0) items.push(`${JSON.stringify({ type: 'attachment', filename: 'dump.txt', length: attachmentBytes })}\n${'x'.repeat(attachmentBytes)}\n`);
  return `${JSON.stringify({ event_id: eventId, sent_at: new Date().toISOString() })}\n${items.join('')}`;
}

const FRAMES = ['main', 'handleRequest', 'loadOrder', 'readRow', 'query', 'parse', 'fail'].map((name, index) => ({
  filename: `/srv/shop/build/${name}.js`,
  function: name,
  module: `shop.${name}`,
  lineno: 10 + index * 7,
  colno: 5,
  in_app: true,
}));

function loadTitle(runId: string, number: number): string {
  return `load ${runId} #${number}`;
}

/** The number of an event of this run by its stored title; undefined for any other event. */
export function loadNumber(title: string, runId: string): number | undefined {
  const digits = new RegExp(`load ${runId} #(\\d+)`).exec(title)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Counts and times of a run, for a line of a report. */
export interface LoadSummary {
  readonly sent: number;
  readonly accepted: number;
  /** Events per second that were really sent. */
  readonly rate: number;
  /** How many were not accepted, by status or error code ("403", "ECONNRESET", "held back"). */
  readonly losses: ReadonlyMap<string, number>;
  /** Milliseconds from sending to the answer of the accepted ones. */
  readonly answerP50: number | undefined;
  readonly answerP99: number | undefined;
}

export function summarize(report: LoadReport): LoadSummary {
  const accepted = report.events.filter(({ outcome }) => outcome.kind === 'accepted');
  const losses = new Map<string, number>();
  for (const { outcome } of report.events) {
    if (outcome.kind === 'accepted') continue;
    const why = lossName(outcome);
    losses.set(why, (losses.get(why) ?? 0) + 1);
  }
  const times = accepted.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
  const lasted = Math.max(1, report.endedAt - report.startedAt);
  return {
    sent: report.events.length,
    accepted: accepted.length,
    rate: (report.events.length * 1000) / lasted,
    losses,
    answerP50: percentile(times, 50),
    answerP99: percentile(times, 99),
  };
}

function lossName(outcome: Exclude<Outcome, { kind: 'accepted' }>): string {
  if (outcome.kind === 'refused') return String(outcome.status);
  return outcome.kind === 'error' ? outcome.code : outcome.kind;
}
