// Reads settings.yaml: either complete settings, or every problem at once with its path, what was expected and what was found.
import { existsSync, readFileSync } from 'node:fs';
import leven from 'leven';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { settingsSchema, type Settings } from './settings.js';

/** Settings that cannot be used. Its message lists every problem on a line of its own. */
export class SettingsError extends Error {
  constructor(source: string, readonly problems: readonly string[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super(`${source}: ${count}, nothing was written\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

/**
 * Settings from a file; all defaults where there is none.
 * @throws SettingsError when the file cannot be parsed or a value does not fit
 */
export function loadSettings(file: string): Settings {
  return existsSync(file) ? parseSettings(readFileSync(file, 'utf8'), file) : settingsSchema.parse({});
}

/** @throws SettingsError when the text is no YAML or a value does not fit */
export function parseSettings(text: string, source = 'settings.yaml'): Settings {
  const document = parseDocument(text, { prettyErrors: true });
  const unreadable = [...document.errors, ...document.warnings];
  if (unreadable.length > 0) throw new SettingsError(source, unreadable.map(({ message }) => message.split('\n')[0] ?? message));
  return checkSettings(document.toJS() ?? {}, source);
}

/** @throws SettingsError when a value does not fit */
export function checkSettings(value: unknown, source = 'settings'): Settings {
  const result = settingsSchema.safeParse(value);
  if (result.success) return result.data;
  throw new SettingsError(source, result.error.issues.flatMap((issue) => describe(issue, value)));
}

function describe(issue: z.core.$ZodIssue, settings: unknown): string[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const siblings = keysAt(issue.path);
    return issue.keys.map((key) => `${path === '' ? key : `${path}.${key}`}: ${unknownKey(key, siblings)}`);
  }
  return [`${path === '' ? 'settings' : path}: ${withFound(issue, valueAt(settings, issue.path))}`];
}

function unknownKey(key: string, siblings: readonly string[]): string {
  const [nearest] = [...siblings].sort((one, other) => leven(key, one) - leven(key, other));
  const hint = nearest !== undefined && leven(key, nearest) <= 3 ? `; did you mean ${nearest}?` : '';
  return `expected one of ${siblings.join(', ')}, found an unknown key${hint}`;
}

/** Our own messages say what was found already; zod's built-in ones (a list where a mapping belongs) do not. */
function withFound(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.message.includes('found')) return issue.message;
  const expected = issue.code === 'invalid_type' ? `expected ${issue.expected === 'object' || issue.expected === 'record' ? 'a mapping' : issue.expected}` : issue.message;
  return `${expected}, found ${found === undefined ? 'nothing' : JSON.stringify(found)}`;
}

/** The keys that the schema knows at a path. */
function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const shape = z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' });
  const properties = valueAt(shape, [...path.flatMap((key) => ['properties', key]), 'properties']);
  return Object.keys(properties ?? {});
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined), value);
}
