// Takes secrets out of an event before it is sent, and finds the ones that were left.

/** What stands where a secret was; the same word that Sentry's own scrubbing leaves. */
export const FILTERED = '[Filtered]';

const SECRET_NAME = /pass(word|wd|phrase)?|secret|token|api[-_]?key|authorization|cookie|credential|card[-_]?number/i;

/**
 * A copy without secrets: values under a name that says secret are replaced whole, and each of `secrets` is replaced
 * wherever it stands inside a text, a key included. Circular references become '[Circular]'.
 */
export function scrub<T>(value: T, secrets: readonly string[]): T {
  return scrubbed(value, secrets, new Set()) as T;
}

function scrubbed(value: unknown, secrets: readonly string[], above: ReadonlySet<object>): unknown {
  if (typeof value === 'string') return withoutSecrets(value, secrets);
  if (typeof value !== 'object' || value === null) return value;
  if (above.has(value)) return '[Circular]';
  const inside = new Set(above).add(value);
  if (Array.isArray(value)) return value.map((entry: unknown) => scrubbed(entry, secrets, inside));
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      withoutSecrets(name, secrets),
      SECRET_NAME.test(name) && isLeaf(entry) ? FILTERED : scrubbed(entry, secrets, inside),
    ]),
  );
}

function isLeaf(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number';
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((result, secret) => forms(secret).reduce((found, form) => found.replaceAll(form, FILTERED), result), text);
}

/** The shapes in which a secret can reach a log: as it is, in a URL, and in base64. */
function forms(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  return [...new Set([secret, encodeURIComponent(secret), base64])];
}

/** The paths (a.b[0].c) at which one of the secrets can be read, in any of the forms that scrub() removes. */
export function findSecrets(value: unknown, secrets: readonly string[], path = '$'): string[] {
  if (typeof value === 'string') {
    return secrets.some((secret) => forms(secret).some((form) => value.includes(form))) ? [path] : [];
  }
  if (Array.isArray(value)) return value.flatMap((entry, index) => findSecrets(entry, secrets, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, entry]) => [
    ...findSecrets(name, secrets, `${path}.(key)`),
    ...findSecrets(entry, secrets, `${path}.${name}`),
  ]);
}
