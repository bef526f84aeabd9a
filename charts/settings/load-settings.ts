// Reads settings.yaml: either complete settings, or every problem at once with its path, what was expected and what was found.
import { existsSync, readFileSync } from 'node:fs';
import leven from 'leven';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { settingsSchema, type Settings } from './schema.js';

/** Settings that cannot be used. Its message lists every problem on a line of its own. */
export class SettingsError extends Error {
  constructor(source: string, readonly problems: readonly string[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super(`${source}: ${count}, nothing was written\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

/** Where settings are looked for when nobody names a file; all of them have a default, so it may be absent. */
const SETTINGS_FILE = 'settings.yaml';
const MISNAMED = 'settings.yml';

/**
 * The file to read settings from; undefined when there is none, so that all are defaults.
 * @param named such as $GLITCHKEEPER_SETTINGS; it counts even when it does not exist. @default settings.yaml where that exists
 * @throws SettingsError when a file lies there under a name that would not be read
 */
export function findSettings(named: string | undefined): string | undefined {
  if (named !== undefined && named !== '') return named;
  if (existsSync(SETTINGS_FILE)) return SETTINGS_FILE;
  if (existsSync(MISNAMED)) throw new SettingsError(MISNAMED, [`expected the name ${SETTINGS_FILE}, found ${MISNAMED}, which would not be read`]);
  return undefined;
}

/**
 * Settings from a file; all defaults where none is named.
 * @param clusterRanges default of network.clusterRanges, for a cluster whose networks are known. @default those of k3s
 * @throws SettingsError when the file cannot be read or parsed, or a value does not fit
 */
export function loadSettings(file: string | undefined, clusterRanges?: readonly string[]): Settings {
  return parseSettings(file === undefined ? '' : read(file), file, clusterRanges);
}

function read(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new SettingsError(file, [`expected a file that can be read, found ${(error as NodeJS.ErrnoException).message}`]);
  }
  return decode(bytes, file);
}

/** @throws SettingsError for text that is not UTF-8: Notepad and PowerShell write UTF-16 */
function decode(bytes: Buffer, file: string): string {
  const hasMark = [0xfffe, 0xfeff].includes(bytes.length < 2 ? 0 : bytes.readUInt16BE(0));
  if (hasMark || bytes.includes(0)) throw new SettingsError(file, ['expected a text in UTF-8, found UTF-16: save it again as UTF-8']);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SettingsError(file, ['expected a text in UTF-8, found bytes that are none: save it again as UTF-8']);
  }
}

/** @throws SettingsError when the text is no YAML or a value does not fit */
export function parseSettings(text: string, source = 'settings.yaml', clusterRanges?: readonly string[]): Settings {
  const document = parseDocument(text, { prettyErrors: true });
  const unreadable = [...document.errors, ...document.warnings];
  if (unreadable.length > 0) throw new SettingsError(source, unreadable.map(({ message }) => message.split('\n')[0] ?? message));
  const value: unknown = document.toJS() ?? {};
  return checkSettings(clusterRanges === undefined ? value : withRanges(value, clusterRanges), source);
}

/** What is no mapping is refused by the schema. */
function withRanges(value: unknown, clusterRanges: readonly string[]): unknown {
  if (!isMapping(value)) return value;
  const { network = {} } = value;
  return isMapping(network) ? { ...value, network: { clusterRanges, ...network } } : value;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
  const found = valueAt(settings, issue.path);
  return [`${path === '' ? 'settings' : path}: ${found === null ? emptied(issue) : withFound(issue, found)}`];
}

/** A key whose value or whose keys were all taken out, or made comments. */
function emptied(issue: z.core.$ZodIssue): string {
  return `${withFound(issue, null).replace(/, found [^]*$/, '')}, found nothing after the colon: take the key out too, and it has its default`;
}

function unknownKey(key: string, siblings: readonly string[]): string {
  if (key === '<<') return `expected one of ${siblings.join(', ')}, found a merge key, which YAML 1.2 does not have: write its keys out, or use an alias for the whole (web: *name)`;
  const [nearest] = [...siblings].sort((one, other) => leven(key, one) - leven(key, other));
  const hint = nearest !== undefined && leven(key, nearest) <= 3 ? `; did you mean ${nearest}?` : '';
  return `expected one of ${siblings.join(', ')}, found an unknown key${hint}`;
}

/** What zod calls the kinds of YAML. */
const KINDS: Readonly<Record<string, string>> = { object: 'a mapping', record: 'a mapping', array: 'a list', string: 'a text', boolean: 'true or false', number: 'a number', int: 'a whole number' };

/** Our own messages say what was found already; zod's built-in ones (a list where a mapping belongs) do not. */
function withFound(issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.message.includes('found')) return issue.message;
  const expected = issue.code === 'invalid_type' ? `expected ${KINDS[issue.expected] ?? issue.expected}` : issue.message;
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
