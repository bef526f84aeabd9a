/**
 * NUL characters, which JSON can say and Postgres cannot store: GlitchTip 5.2 takes an event with one in its exception, tags, release,
 * environment or server name, and then drops it, with all others of its worker's batch. They say nothing, and are left out.
 */
type Json = Readonly<Record<string, unknown>>;

/** As JSON writes one; a text about it has a second backslash, and is looked at for nothing. */
const WRITTEN = '\\u0000';

/** @param written the JSON that it was read from. @returns the same object if there is none */
export function withoutNuls(event: Json, written: Buffer): Json {
  if (!written.includes(WRITTEN)) return event;
  const clean = cleanObject(event);
  return JSON.stringify(clean) === JSON.stringify(event) ? event : clean;
}

function cleanObject(value: object): Json {
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [cleanText(name), cleaned(each)]));
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(cleaned);
  return typeof value === 'object' && value !== null ? cleanObject(value) : value;
}

function cleanText(text: string): string {
  return text.replaceAll('\0', '');
}
