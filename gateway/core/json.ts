/**
 * JSON as GlitchTip reads it, and JSON that it would refuse, or fail on, for its letters alone: that is made whole. Its text has to be UTF-8,
 * and hold no half of a character.
 */
export type Json = Readonly<Record<string, unknown>>;

/** What differs between its parsers. */
export interface JsonReader {
  /** Levels of lists and objects. */
  readonly deepest: number;
  /** NaN and Infinity are numbers. */
  readonly takesNoNumber: boolean;
}

/** Of envelopes: pydantic's. */
export const PYDANTIC: JsonReader = { deepest: 200, takesNoNumber: true };
/** Of the other endpoints. */
export const ORJSON: JsonReader = { deepest: 1_024, takesNoNumber: false };

/**
 * A value costs many times its bytes once it is parsed: 2.4 MB of empty objects are more than the gateway's whole heap. Real events of that
 * size hold a tenth of this.
 */
export const MOST_VALUES = 200_000;
const [COMMA, LIST, OBJECT] = [',', '[', '{'].map((sign) => sign.charCodeAt(0));

/** Counted without parsing it; commas in texts count, too. */
export function hasTooManyValues(bytes: Buffer): boolean {
  if (bytes.length <= MOST_VALUES) return false;
  let count = 0;
  for (let at = 0; at < bytes.length && count <= MOST_VALUES; at += 1) if (bytes[at] === COMMA || bytes[at] === LIST || bytes[at] === OBJECT) count += 1;
  return count > MOST_VALUES;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** A text, or what JSON.parse does not know. */
const NO_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN/gs;
/** JSON.parse makes Infinity of it, and JSON.stringify null. */
const NO_NUMBER_EITHER = '1e999';
/** Halves of characters, and NUL; and what only looks like one. */
const MAY_BE_UNFIT = /\\u(?:[dD][89a-fA-F]|0000)/;
/** As JSON.stringify writes them; it writes whole characters as they are. */
const HALF = /\\\\|\\ud[89a-f][0-9a-f]{2}/g;
const NUL = /\\\\|\\u0000/g;

/** Undefined for what is none. NaN is Infinity. */
export function parseJson(bytes: Buffer, reader = PYDANTIC): { readonly value: unknown } | undefined {
  const parsed = parseText(decode(bytes));
  if (!parsed || (parsed.hasNoNumber && !reader.takesNoNumber) || isTooDeep(parsed, reader)) return undefined;
  return MAY_BE_UNFIT.test(parsed.text) && replaced(JSON.stringify(parsed.value), HALF, '') !== undefined ? undefined : parsed;
}

export interface RepairedObject {
  readonly body: Json;
  /** The bytes as they came are not to be given to GlitchTip. */
  readonly isRepaired: boolean;
}

/**
 * An object, with U+FFFD for what is no character, without NUL (which Postgres cannot hold: GlitchTip 5.2 takes an event with one in its
 * tags, release, environment or server name, and then drops it, with all others of its worker's batch), and to be written with null for what is no number. Undefined for what is no JSON object.
 */
export function repairObject(bytes: Buffer, reader = PYDANTIC): RepairedObject | undefined {
  const text = decode(bytes);
  const readable = withoutMark(text ?? bytes.toString('utf8'));
  const parsed = parseText(readable);
  if (!parsed || !isObject(parsed.value) || isTooDeep(parsed, reader)) return undefined;
  const fit = MAY_BE_UNFIT.test(parsed.text) ? fitText(JSON.stringify(parsed.value)) : undefined;
  return { body: fit === undefined ? parsed.value : (JSON.parse(fit) as Json), isRepaired: readable !== text || parsed.hasNoNumber || fit !== undefined };
}

function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined for what is no UTF-8. */
function decode(bytes: Buffer): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

interface Parsed {
  readonly value: unknown;
  readonly text: string;
  readonly hasNoNumber: boolean;
}

function parseText(text: string | undefined): Parsed | undefined {
  if (text === undefined) return undefined;
  const plain = tryParse(text);
  if (plain) return { ...plain, text, hasNoNumber: false };
  const numbered = text.replace(NO_NUMBER, (found) => (found.startsWith('"') ? found : NO_NUMBER_EITHER));
  const parsed = numbered === text ? undefined : tryParse(numbered);
  return parsed && { ...parsed, text: numbered, hasNoNumber: true };
}

function tryParse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** Undefined where all of it is fit. SDKs cut texts by their length in UTF-16, so they do send halves. */
function fitText(written: string): string | undefined {
  const whole = replaced(written, HALF, '\ufffd');
  return replaced(whole ?? written, NUL, '') ?? whole;
}

/** Undefined where nothing was. An escaped backslash only looks like the beginning of an escape. */
function replaced(written: string, unfit: RegExp, by: string): string | undefined {
  const fit = written.replace(unfit, (found) => (found === '\\\\' ? found : by));
  return fit === written ? undefined : fit;
}

/** Most have so few brackets that none of them can be too deep. */
function isTooDeep({ text, value }: Parsed, { deepest }: JsonReader): boolean {
  let openings = 0;
  for (let at = 0; at < text.length && openings <= deepest; at += 1) if (text[at] === '[' || text[at] === '{') openings += 1;
  return openings > deepest && isDeeper(value, deepest);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}
