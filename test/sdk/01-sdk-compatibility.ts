// 01: what the Sentry SDK sends arrives as it was meant: an exception, a message, breadcrumbs, user and tags, a transaction.
import { randomUUID } from 'node:crypto';
import * as Sentry from '@sentry/node';
import { differences, proveStored } from './event-store.js';
import { breadcrumbsOf, exceptionsOf, tagsOf } from './stored-shapes.js';
import type { Context, Finding, Suite } from './suite.js';
import { staticTransaction, streamedTransaction } from './transactions.js';

export const sdkCompatibility: Suite = {
  name: '01-sdk-compatibility',
  checks: [
    { id: '01.1', name: 'an exception, with its type, value and stack', run: anException },
    { id: '01.2', name: 'a message, with its level', run: aMessage },
    { id: '01.3', name: 'breadcrumbs, in order', run: breadcrumbs },
    { id: '01.4', name: 'user and tags', run: userAndTags },
    { id: '01.5', name: 'a transaction, with its name and operation', run: staticTransaction },
    { id: '01.6', name: 'the same with the SDK as it comes: streamed spans', run: streamedTransaction },
  ],
};

/** Makes texts of this run recognisable among others. */
function marker(): string {
  return randomUUID().slice(0, 8);
}

async function anException(context: Context): Promise<Finding> {
  const value = `the order has no rows (${marker()})`;
  const eventId = Sentry.withIsolationScope(() => Sentry.captureException(new RangeError(value)));
  return proveStored(context, eventId, ({ event }) => {
    const [exception] = exceptionsOf(event).slice(-1);
    const functions = exception?.stacktrace?.frames.map((frame) => frame.function) ?? [];
    return differences(
      { title: `RangeError: ${value}`, type: 'RangeError', value, stack: true },
      {
        title: event.title,
        type: exception?.type,
        value: exception?.value,
        stack: functions.includes('anException') || functions.includes('Object.anException'),
      },
    );
  });
}

async function aMessage(context: Context): Promise<Finding> {
  const text = `the cache was cold (${marker()})`;
  const eventId = Sentry.withIsolationScope(() => Sentry.captureMessage(text, 'warning'));
  return proveStored(context, eventId, async ({ event }) => {
    const issues = await context.store?.api.issues(context.store.at.org, eventId);
    return differences(
      { title: text, message: text, level: 'warning' },
      { title: event.title, message: event.message, level: issues?.[0]?.level },
    );
  });
}

async function breadcrumbs(context: Context): Promise<Finding> {
  const run = marker();
  const steps = ['cart opened', 'address typed', 'paid'].map((message, step) => ({
    category: 'checkout',
    message,
    level: 'info' as const,
    data: { run, step },
  }));
  const eventId = Sentry.withIsolationScope(() => {
    for (const step of steps) Sentry.addBreadcrumb(step);
    return Sentry.captureException(new Error(`checkout failed (${run})`));
  });
  return proveStored(context, eventId, ({ event }) => {
    const found = breadcrumbsOf(event).filter(({ category }) => category === 'checkout');
    return differences(
      { breadcrumbs: steps },
      { breadcrumbs: found.map(({ category, message, level, data }) => ({ category, message, level, data })) },
    );
  });
}

async function userAndTags(context: Context): Promise<Finding> {
  const run = marker();
  const user = { id: run, email: `${run}@example.com`, username: `buyer-${run}` };
  const eventId = Sentry.withIsolationScope((scope) => {
    scope.setUser(user);
    scope.setTags({ region: 'north', 'shop.run': run });
    return Sentry.captureException(new Error(`who was it? (${run})`));
  });
  return proveStored(context, eventId, ({ event }) => {
    const tags = tagsOf(event);
    return differences(
      { ...user, region: 'north', run, release: 'glitchkeeper-verify@1', environment: 'glitchkeeper-verify' },
      {
        id: event.user?.id,
        email: event.user?.email,
        username: event.user?.username,
        region: tags.region,
        run: tags['shop.run'],
        release: tags.release,
        environment: tags.environment,
      },
    );
  });
}
