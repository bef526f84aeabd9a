// What of a Secret's value has to be found in other texts: its parts, and each in every form in which it may be written. Pure.

/** One value of a Secret, as bytes; it never leaves memory. */
export interface SecretValue {
  /** Secret and key, such as glitchtip-app/SECRET_KEY. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Shorter ones cannot be told apart from ordinary words: `True`, `5432`. Characters. */
export const SHORTEST = 6;
/** Fewer characters of the inside of a base64 text would be found by chance. */
const SHORTEST_INSIDE = 6;
const LONGEST_WORD = 24;

/** Names of variables, keys and parameters whose value is a secret. */
export const SENSITIVE_NAME = /(pass(word|wd|phrase)?|secret|token|api_?key|private_?key|secret_?key|access_?key|credentials?|auth)$/i;

/** The value itself, and what of it is a secret of its own: a line, the password of a URL, a leaf of JSON. */
export function partsOfValue(value: string): readonly string[] {
  const lines = value.split('\n').map((line) => line.trim());
  const parts = [value, value.trim(), ...lines, ...lines.flatMap(insideLine), ...jsonLeaves(value)];
  return [...new Set(parts)].filter((part) => part !== '');
}

function insideLine(line: string): readonly string[] {
  // Old SECRET_KEYs are kept as SECONDS:KEY.
  const key = /^\d+:(.+)$/.exec(line)?.[1];
  const login = /^[a-z][a-z0-9+.-]*:\/\/([^\s/@]*)@/i.exec(line)?.[1] ?? '';
  // Valkey's users: >password, #hash.
  const words = line.startsWith('user ') ? line.split(/\s+/).filter((word) => /^[>#]/.test(word)).map((word) => word.slice(1)) : [];
  return [...(key === undefined ? [] : [key]), ...(login === '' ? [] : [login, login.slice(login.indexOf(':') + 1)]), ...words];
}

/** Leaves that are named like secrets or look like them; moments and names are none. */
function jsonLeaves(text: string): readonly string[] {
  if (!/^\s*[[{]/.test(text)) return [];
  const found: string[] = [];
  try {
    JSON.parse(text, (key, leaf: unknown) => {
      if (typeof leaf === 'string' && (SENSITIVE_NAME.test(key) || looksLikeSecret(leaf))) found.push(leaf, ...insideLine(leaf));
      return leaf;
    });
  } catch {
    // Not JSON: its lines are looked for all the same.
  }
  return found;
}

function looksLikeSecret(leaf: string): boolean {
  return leaf.length >= LONGEST_WORD && !/\s/.test(leaf) && !/^\d{4}-?\d\d-?\d\dT/.test(leaf);
}

/** Every way in which a secret may stand in a text; the longest first. */
export function formsOf(secret: Buffer): readonly string[] {
  const text = secret.toString('utf8');
  const readable = Buffer.from(text).equals(secret);
  const base64 = secret.toString('base64');
  const insides = [0, 1, 2].map((offset) => insideBase64(secret, offset)).filter((inside) => inside.length >= SHORTEST_INSIDE);
  const encoded = [base64, base64.replace(/=+$/, ''), ...insides];
  const forms = [
    ...(readable ? readableForms(text) : []),
    ...encoded, ...encoded.map(urlSafe), ...encoded.map(encodeURIComponent),
    secret.toString('hex'), secret.toString('hex').toUpperCase(),
  ];
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST).sort((one, other) => other.length - one.length);
}

function readableForms(text: string): readonly string[] {
  const percent = encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const url = [percent, encodeURIComponent(text), percent.replaceAll('%2F', '/'), percent.replaceAll('%20', '+')];
  const json = JSON.stringify(text).slice(1, -1);
  return [text, decoded(text), ...url, ...url.map(lowerHex), json, JSON.stringify(json).slice(1, -1), text.replaceAll('\n', '\\n')];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function lowerHex(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

function urlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

/** What of it is seen in the base64 of a longer text in which it begins at this offset (modulo 3): the characters that are its alone. */
function insideBase64(secret: Buffer, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), secret]);
  return bytes.toString('base64').slice(Math.ceil((offset * 4) / 3), Math.floor(bytes.length / 3) * 4);
}
