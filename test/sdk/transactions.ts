// 01.5 and 01.6: a transaction, sent as such and as the streamed spans that SDK 11 sends by default, is a group with its name and operation.
import { randomUUID } from 'node:crypto';
import * as Sentry from '@sentry/node';
import { CONTROL_SERVICE } from '../../gateway/control/control-answers.js';
import { deliveryOf, runChild } from './child-program.js';
import { ClusterFacts } from './cluster-facts.js';
import { differences, refusal } from './event-store.js';
import { isAccepted, type Delivery } from './recording-transport.js';
import { TRANSACTION_PREFIX } from './sdk.js';
import { seconds } from './statistics.js';
import { unstoredSpans, type GatewayFact } from './streamed-spans.js';
import { failed, type Context, type Finding } from './suite.js';

const OPERATION = 'http.server';
/** Where nobody says that there is a gateway: GlitchTip stores a batch every 2 s at the latest. Milliseconds. */
const PATIENCE_UNTOLD = 10_000;

export async function staticTransaction(context: Context): Promise<Finding> {
  const name = newName();
  const sentBefore = new Set(context.sdk.transactions());
  Sentry.startSpan({ name, op: OPERATION }, () => {
    Sentry.startSpan({ name: 'SELECT orders', op: 'db' }, () => undefined);
  });
  await context.sdk.flush();
  const delivery = context.sdk.transactions().find((candidate) => !sentBefore.has(candidate));
  return proveGroup(context, { name, delivery, unstored: (answer) => ({ result: 'failed', detail: `answered ${answer} but not stored in time` }) });
}

/** In a process of its own: how spans are sent is decided once, when the SDK starts. */
export async function streamedTransaction(context: Context): Promise<Finding> {
  const name = newName();
  const delivery = deliveryOf('span', await runChild('streamed-spans', context.dsn, name));
  if (typeof delivery === 'string') return failed(delivery);
  const gateway = await gatewayOf(context);
  const patienceMs = gateway.kind === 'there' ? undefined : Math.min(PATIENCE_UNTOLD, context.settings.wait * 1000);
  return proveGroup(context, { name, delivery, patienceMs, unstored: (answer) => unstoredSpans(gateway, answer) });
}

function newName(): string {
  return `${TRANSACTION_PREFIX} GET /orders/${randomUUID().slice(0, 8)}`;
}

async function gatewayOf({ settings: { gateway, cluster } }: Context): Promise<GatewayFact> {
  if (gateway) return { kind: 'there', source: '--gateway' };
  if (cluster === undefined) return { kind: 'untold' };
  const services = await new ClusterFacts(cluster).services();
  const source = `namespace ${cluster.namespace}`;
  return services.some(({ name }) => name === CONTROL_SERVICE) ? { kind: 'there', source } : { kind: 'not there', source };
}

interface SentTransaction {
  readonly name: string;
  readonly delivery: Delivery | undefined;
  readonly patienceMs?: number;
  /** What it means that it was answered so, and no group came of it. */
  readonly unstored: (answer: Delivery['answer']) => Finding;
}

async function proveGroup({ store }: Context, { name, delivery, patienceMs, unstored }: SentTransaction): Promise<Finding> {
  const counts = { sent: 1, accepted: isAccepted(delivery) ? 1 : 0 };
  if (delivery === undefined || counts.accepted === 0) return { result: 'failed', detail: refusal(delivery), ...counts };
  if (store === undefined) return { result: 'accepted only', detail: `answered ${delivery.answer}`, ...counts };
  const found = await store.until(async (after) => {
    const groups = await store.api.transactionGroups(store.at.org);
    const group = groups.find(({ transaction }) => transaction === name);
    return group && { group, after };
  }, patienceMs);
  if (found === undefined) return { ...unstored(delivery.answer), ...counts, stored: 0 };
  const { op, transactionCount } = found.group;
  const problems = differences({ op: OPERATION, transactionCount: 1 }, { op, transactionCount });
  const detail = problems.length === 0 ? `found after ${seconds(found.after)}` : problems.join('; ');
  return { result: problems.length === 0 ? 'passed' : 'failed', detail, ...counts, stored: 1 };
}
