// DSNs (https://develop.sentry.dev/sdk/overview/#parsing-the-dsn): scheme://KEY@host[:port][/path]/PROJECT.

export interface Dsn {
  /** As it was written. */
  readonly text: string;
  /** scheme://host[:port] */
  readonly origin: string;
  /** Before /api/: empty, or beginning with a slash. */
  readonly path: string;
  readonly key: string;
  readonly project: number;
}

const KEY = /^[0-9A-Za-z-]{1,64}$/;
const PATH = /^(|\/.*[^/])\/(\d{1,16})$/;

/** Undefined for what is none. A secret behind the key, which SDKs of long ago were given, is read past. */
export function parseDsn(text: string): Dsn | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, username: key, pathname, search, hash } = new URL(text);
  const [, path, digits] = PATH.exec(pathname) ?? [];
  const project = Number(digits);
  if (!['http:', 'https:'].includes(protocol) || !KEY.test(key) || path === undefined || !Number.isSafeInteger(project) || search !== '' || hash !== '') return undefined;
  return { text, origin, path, key, project };
}

/** The same place under another project and key. Undefined for what is no DSN. */
export function dsnOf(text: string, { project, key }: Pick<Dsn, 'project' | 'key'>): string | undefined {
  const dsn = parseDsn(text);
  return dsn && `${dsn.origin.replace('://', `://${key}@`)}${dsn.path}/${project}`;
}
