// 03: load. 100 errors through the SDK, then a fixed rate of numbered events; accepted and stored are counted apart.
import { randomUUID } from 'node:crypto';
import * as Sentry from '@sentry/node';
import { isLoopback } from './dsn.js';
import { newRunId, runLoad, summarize, type LoadProgress, type LoadReport, type LoadSummary } from './load.js';
import { isAccepted, type Delivery } from './recording-transport.js';
import { describeLags, seconds } from './statistics.js';
import { apiReader, CLOCK_SKEW_MS, lagsOf, settle, watchStorage, type StorageWatch } from './stored.js';
import { skipped, type Context, type Finding, type Suite } from './suite.js';

export const performanceSuite: Suite = {
  name: '03-performance',
  checks: [
    { id: '03.1', name: 'a burst of errors through the SDK, all stored', run: onlyWhereAllowed(burst) },
    { id: '03.2', name: 'a steady rate, all accepted and all stored', run: onlyWhereAllowed(steadyRate) },
  ],
};

/** Load goes to this machine only, unless the person says that the other one may take it. */
function onlyWhereAllowed(run: (context: Context) => Promise<Finding>): (context: Context) => Promise<Finding> {
  return async (context) => {
    const { dsn, settings } = context;
    if (isLoopback(dsn.host) || settings.allowRemoteLoad) return run(context);
    return skipped(`${dsn.host} is not this machine: load is sent there only with --allow-remote-load`);
  };
}

// The SDK's transport holds 64 envelopes and drops the rest, so that a burst is sent in portions.
const PORTION = 50;

async function burst(context: Context): Promise<Finding> {
  const run = randomUUID().slice(0, 8);
  const eventIds: string[] = [];
  const since = new Date(Date.now() - CLOCK_SKEW_MS);
  while (eventIds.length < context.settings.burst && !context.signal.aborted) {
    const portion = Math.min(PORTION, context.settings.burst - eventIds.length);
    for (let one = 0; one < portion; one += 1) eventIds.push(captureNumbered(run, eventIds.length + 1));
    await context.sdk.flush();
    context.note(`${eventIds.length} of ${context.settings.burst} sent`);
  }
  const accepted = eventIds.filter((id) => isAccepted(context.sdk.delivery(id)));
  const counts = { sent: eventIds.length, accepted: accepted.length };
  const refused = refusals(eventIds.map((id) => context.sdk.delivery(id)));
  if (refused !== '') return { result: 'failed', detail: refused, ...counts };
  if (context.store === undefined) return { result: 'accepted only', detail: 'all answered 200', ...counts };
  const stored = await countFound(context, new Set(accepted), since);
  const all = stored === accepted.length;
  return { result: all ? 'passed' : 'failed', detail: all ? 'each found by its id' : 'accepted, but not all stored in time', ...counts, stored };
}

/** "31 x ECONNRESET (why)": what the SDK was answered instead of 200; empty when everything was taken. */
function refusals(deliveries: readonly (Delivery | undefined)[]): string {
  const reasons = deliveries.filter((delivery) => !isAccepted(delivery)).map((delivery) => String(delivery?.answer ?? 'not sent'));
  const counted = [...new Set(reasons)].map((reason) => `${reasons.filter((one) => one === reason).length} x ${reason}`);
  const hint = reasons.includes('ECONNRESET')
    ? ' (the SDK reuses connections that the server closes: set UWSGI_ADD_HEADER="Connection: close" on web)'
    : '';
  return counted.length === 0 ? '' : `not accepted: ${counted.join(', ')}${hint}`;
}

function captureNumbered(run: string, number: number): string {
  return Sentry.withIsolationScope((scope) => {
    scope.setFingerprint(['glitchkeeper-burst', run]);
    return Sentry.captureException(new Error(`burst ${run} #${number}`));
  });
}

/** How many of the ids are stored once all are, or when the time is over. */
async function countFound({ store }: Context, ids: ReadonlySet<string>, since: Date): Promise<number> {
  let count = 0;
  await store?.until(async () => {
    count = await store.api.countStored(store.at, since, ({ eventID }) => ids.has(eventID));
    return count === ids.size ? count : undefined;
  });
  return count;
}

async function steadyRate(context: Context): Promise<Finding> {
  const { dsn, settings, store, signal, note } = context;
  const runId = newRunId();
  const load = { dsn, rate: settings.rate, seconds: settings.seconds, runId, signal };
  if (store === undefined) return acceptedOnly(await runLoad({ ...load, onProgress: (progress) => note(sentLine(progress)) }));
  const reader = apiReader(store.api, store.at);
  const watch = watchStorage(reader, runId);
  const onProgress = (progress: LoadProgress): void => note(`${sentLine(progress)}, stored up to ${watch.watermarks.at(-1)?.number ?? 0}`);
  try {
    const report = await runLoad({ ...load, onProgress });
    note('all sent; counting what is stored');
    const comparison = await settle(report, reader, watch, settings.wait * 1000);
    return judge(report, comparison, watch);
  } finally {
    await watch.stop();
  }
}

function sentLine({ sent, accepted, notAccepted }: LoadProgress): string {
  return `${sent} sent, ${accepted} accepted, ${notAccepted} not accepted`;
}

function acceptedOnly(report: LoadReport): Finding {
  const summary = summarize(report);
  const counts = { sent: summary.sent, accepted: summary.accepted };
  const whole = summary.accepted === summary.sent;
  return { result: whole ? 'accepted only' : 'failed', detail: describe(summary), ...counts };
}

function judge(report: LoadReport, { stored, lost }: { stored: number; lost: readonly number[] }, watch: StorageWatch): Finding {
  const summary = summarize(report);
  const everything = lost.length === 0;
  const lags = lagsOf(report, watch, everything ? Date.now() : undefined);
  const missing = everything ? '' : `; ${lost.length} accepted but not stored in time (first: #${lost[0] ?? 0})`;
  return {
    result: everything && summary.accepted === summary.sent ? 'passed' : 'failed',
    detail: `${describe(summary)}; accepted to stored ${describeLags(lags)}${missing}`,
    sent: summary.sent,
    accepted: summary.accepted,
    stored,
  };
}

function describe({ rate, losses, answerP50, answerP99 }: LoadSummary): string {
  const lost = [...losses].map(([why, count]) => `${count} x ${why}`).join(', ');
  const answers = answerP50 === undefined || answerP99 === undefined ? 'none' : `p50 ${seconds(answerP50)}, p99 ${seconds(answerP99)}`;
  return `${rate.toFixed(1)} events/s; answers ${answers}${lost === '' ? '' : `; not accepted: ${lost}`}`;
}
