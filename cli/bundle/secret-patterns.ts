// What looks like a secret although no Secret of the namespace has it: passwords in URLs, variables, keys, tokens. Pure.

export const REMOVED = '[removed]';

interface Pattern {
  /** How it is counted. */
  readonly name: string;
  readonly signs: RegExp;
  readonly replacement: string;
}

/** Names that end like a secret's and hold a path, a name or a number. */
const HARMLESS = '(?!/|\\[removed|true\\b|false\\b|null\\b|none\\b|\\d{1,5}\\b)';

const PATTERNS: readonly Pattern[] = [
  { name: 'private keys', signs: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, replacement: REMOVED },
  { name: 'logins in URLs', signs: /\b([a-z][a-z0-9+.-]{0,20}:\/\/)(?!\[removed\]@)[^\s/@"'<>\\]{1,512}@/gi, replacement: `$1${REMOVED}@` },
  { name: 'tokens', signs: /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}/g, replacement: REMOVED },
  { name: 'tokens', signs: /(?<!\d)\d{8,10}:[\w-]{35}(?![\w-])/g, replacement: REMOVED },
  { name: 'authorization headers', signs: /\b(Bearer|Basic|Token)\s+(?=[\w.~+/-]*\d)[\w.~+/=-]{12,}/g, replacement: `$1 ${REMOVED}` },
  {
    name: 'variables',
    signs: new RegExp(`\\b([A-Z0-9_]*(?:PASSWORD|PASSWD|SECRET|SECRET_KEY|TOKEN|API_?KEY|PRIVATE_KEY|ACCESS_KEY|CREDENTIALS?)\\b)(\\\\?["']?\\s*[=:]\\s*\\\\?["']?)${HARMLESS}[^\\s"'\\\\,;&]{1,4096}`, 'g'),
    replacement: `$1$2${REMOVED}`,
  },
  {
    name: 'parameters',
    signs: new RegExp(`\\b((?:password|passwd|secret|token|api_?key|sentry_key|access_token|client_secret)=)${HARMLESS}[^\\s"'\\\\,;&]{1,4096}`, 'gi'),
    replacement: `$1${REMOVED}`,
  },
];

/** @param count called with the name of what was removed, once each */
export function removeLookalikes(text: string, count: (name: string) => void): string {
  return PATTERNS.reduce((result, { name, signs, replacement }) => result.replace(signs, (...found: string[]) => {
    count(name);
    return replacement.replace(/\$(\d)/g, (_, group: string) => found[Number(group)] ?? '');
  }), text);
}
