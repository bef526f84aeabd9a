// Event ids: GlitchTip takes every spelling that Python's uuid.UUID takes, and compares 32 hexadecimal digits.

const UUID = /^(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;

/** 32 lower case hexadecimal digits; undefined for what is no UUID. */
export function normalizeUuid(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const match = UUID.exec(value);
  return match ? match.slice(1).join('').toLowerCase() : undefined;
}
