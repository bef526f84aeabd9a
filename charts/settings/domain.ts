// The address of GlitchTip in settings.yaml: one origin, written as browsers write it, and what to write instead where it is not.

/** Host names that Django takes in a Host header, and an IPv6 address. */
const HOST = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]*[a-z0-9])?$|^\[[0-9a-f:]+\]$/;
const GENERAL = 'an http or https address without a path, such as https://errors.example.com';

/** What is expected instead; undefined for an address that is fine. Never repeats a password that is in it. */
export function expectedDomain(text: string): string | undefined {
  const wrong = first(TEXT_RULES, text);
  if (wrong !== undefined) return wrong;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.hostname === '') return GENERAL;
  if (url.origin !== text) return first(FORM_RULES, { text, url }) ?? GENERAL;
  return HOST.test(url.hostname) ? undefined : 'a host name of letters, digits, "-" and "."';
}

type Rules<Input> = readonly (readonly [breaks: (input: Input) => boolean, expected: (input: Input) => string])[];

const TEXT_RULES: Rules<string> = [
  [(text) => /[,;\s]/.test(text), () => 'one address, without commas and spaces: every link, DSN and cookie has this one; let the proxy redirect the others to it'],
  [(text) => text.includes('*'), () => 'the address of one host, without a wildcard: links, DSNs and cookies are made of it'],
  [(text) => !/^https?:\/\//i.test(text), () => GENERAL],
  [(text) => text.includes('@'), () => 'an http or https address without a user and a password'],
];

/** Of what means an origin and is written otherwise. */
const FORM_RULES: Rules<{ readonly text: string; readonly url: URL }> = [
  [({ text }) => /^https?:\/\/[^/?#]*[/?#]/i.test(text), ({ url }) => `an http or https address without a path, such as ${url.origin}`],
  [({ text }) => /[^\x20-\x7e]/.test(text), ({ url }) => `the name as DNS has it, ${url.origin}`],
  [({ text }) => text !== text.toLowerCase(), ({ url }) => `lower case, ${url.origin}`],
  [({ text, url }) => url.port === '' && text.endsWith(`:${portOf(url)}`), ({ url }) => `the address without port ${portOf(url)}, which ${url.protocol.slice(0, -1)} has anyway, ${url.origin}`],
];

function first<Input>(rules: Rules<Input>, input: Input): string | undefined {
  return rules.find(([breaks]) => breaks(input))?.[1](input);
}

function portOf({ protocol }: URL): string {
  return protocol === 'https:' ? '443' : '80';
}
