// Ids as GlitchTip reads them: pydantic those of events, Python's uuid.UUID the key of a DSN. Both compare 32 hexadecimal digits.

const HYPHENATED = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const EVENT_ID = new RegExp(`^(?:[0-9a-f]{32}|${HYPHENATED}|\\{${HYPHENATED}\\})$`, 'i');
/** Its prefix is in small letters. */
const URN = new RegExp(`^urn:uuid:(?=${HYPHENATED}$)`, 'i');

/** 32 lower case hexadecimal digits; undefined for what GlitchTip would not take as the id of an event. */
export function eventId(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const plain = value.startsWith('urn:uuid:') ? value.replace(URN, '') : value;
  return EVENT_ID.test(plain) ? plain.replace(/[{}-]/g, '').toLowerCase() : undefined;
}

/** As Python reads it: with hyphens anywhere, in braces, as a URN. 32 lower case hexadecimal digits; undefined for what is none. */
export function looseUuid(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const digits = value.replaceAll('urn:', '').replaceAll('uuid:', '').replace(/^[{}]+|[{}]+$/g, '').replaceAll('-', '');
  return /^[0-9a-f]{32}$/i.test(digits) ? digits.toLowerCase() : undefined;
}
