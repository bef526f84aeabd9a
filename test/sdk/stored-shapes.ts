// Picks exceptions, breadcrumbs, the request and tags out of a stored event.
import { z } from 'zod';
import type { StoredEvent } from './glitchtip-api.js';

const exceptionEntry = z.object({
  values: z.array(
    z.object({
      type: z.string().nullish(),
      value: z.string().nullish(),
      mechanism: z.object({ type: z.string().nullish(), handled: z.boolean().nullish() }).nullish(),
      stacktrace: z.object({ frames: z.array(z.object({ filename: z.string().nullish(), function: z.string().nullish() })) }).nullish(),
    }),
  ),
});
const breadcrumbEntry = z.object({
  values: z.array(
    z.object({
      category: z.string().nullish(),
      message: z.string().nullish(),
      level: z.string().nullish(),
      data: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
});
const requestEntry = z.object({ url: z.string().nullish(), method: z.string().nullish() });

export type StoredException = z.infer<typeof exceptionEntry>['values'][number];
export type StoredBreadcrumb = z.infer<typeof breadcrumbEntry>['values'][number];

/** As GlitchTip shows them: the outermost error last. */
export function exceptionsOf(event: StoredEvent): StoredException[] {
  const data = entry(event, 'exception');
  return data === undefined ? [] : exceptionEntry.parse(data).values;
}

/** Oldest first. */
export function breadcrumbsOf(event: StoredEvent): StoredBreadcrumb[] {
  const data = entry(event, 'breadcrumbs');
  return data === undefined ? [] : breadcrumbEntry.parse(data).values;
}

export function requestOf(event: StoredEvent): z.infer<typeof requestEntry> {
  return requestEntry.parse(entry(event, 'request') ?? {});
}

export function tagsOf(event: StoredEvent): Record<string, string | null> {
  return Object.fromEntries(event.tags.map(({ key, value }) => [key, value]));
}

function entry(event: StoredEvent, type: string): unknown {
  return event.entries.find((candidate) => candidate.type === type)?.data;
}
