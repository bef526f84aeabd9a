// What a person asks for with the annotation glitchkeeper.io/restore.
import * as z from 'zod/mini';
import type { RestoreProgress } from '../../api/restore-fields.js';
import { readJson } from '../json-text.js';
import { cut } from '../text-limits.js';

export type RestoreRequest =
  | { readonly kind: 'none' }
  | { readonly kind: 'begin'; readonly wanted: RestoreProgress['wanted'] }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'undo' }
  | { readonly kind: 'invalid'; readonly message: string };

const COPY = /^([0-9]{8}T[0-9]{6}Z|latest)$/;
const text = (error: string) => z.string({ error });

const requestSchema = z.strictObject({
  copy: text('expected latest or the name of a copy, such as 20261129T023000Z').check(z.regex(COPY, { error: 'expected latest or the name of a copy, such as 20261129T023000Z' })),
  notAfter: z.optional(z.iso.datetime({ offset: true, error: 'expected a time with its zone, such as 2026-11-29T02:30:00Z' })),
  save: z._default(z.boolean({ error: 'expected true, or false to replace the database without a copy of it' }), true),
  intoNewDatabase: z.optional(z.boolean({ error: 'expected true, for a database beside the live one that replaces nothing' })),
  upgrade: z.optional(text('expected the id of an upgrade').check(z.regex(/^[0-9]{8}T[0-9]{6}Z$/, { error: 'expected the id of an upgrade' }))),
  reason: z.optional(text('expected a text').check(z.maxLength(200, { error: 'expected at most 200 characters' }))),
});

/** `latest`, the name of a copy, `confirm`, `undo`; or JSON with copy, notAfter, save (true), intoNewDatabase (false) and reason. */
export function parseRestoreRequest(annotation: string | undefined): RestoreRequest {
  if (annotation === undefined) return { kind: 'none' };
  const word = annotation.trim();
  if (word === 'confirm' || word === 'undo') return { kind: word };
  if (COPY.test(word)) return { kind: 'begin', wanted: { copy: word, save: true } };
  const value = word.startsWith('{') ? readJson(word) : undefined;
  if (value === undefined) return invalid(`expected latest, the name of a copy, confirm, undo, or JSON; found "${cut(annotation, 100)}"`);
  const parsed = requestSchema.safeParse(value);
  if (!parsed.success) return invalid(describeIssue(parsed.error.issues[0]));
  if (parsed.data.notAfter !== undefined && parsed.data.copy !== 'latest') return invalid('notAfter: expected it with copy latest only');
  return { kind: 'begin', wanted: parsed.data };
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'unrecognized_keys') return `expected copy, notAfter, save, intoNewDatabase and reason, found ${cut(issue.keys.join(', '), 100)}`;
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`;
}

function invalid(what: string): RestoreRequest {
  return { kind: 'invalid', message: `Annotation glitchkeeper.io/restore: ${what}.` };
}
