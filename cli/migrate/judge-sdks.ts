// What of the SDKs seen at an old server is otherwise here: what this project found by running them, and of which it ran none. Pure.
import { visible } from '../safe-text.js';
import type { Finding } from './judge-old.js';
import type { OldSdk } from './old-server.js';

/** What was found of versions of one; of what is not here nothing is known. */
interface Known extends Pick<Finding, 'verdict' | 'text'> {
  readonly name: RegExp;
  /** Major versions, both included. */
  readonly from: number;
  readonly to: number;
}

const JAVASCRIPT = /^sentry\.javascript\./;
const KNOWN: readonly Known[] = [
  // docs/decisions/0005-spans.md
  { name: JAVASCRIPT, from: 11, to: Infinity, verdict: 'differs', text: 'they stream spans, and send no transactions: each root span becomes a transaction (gateway.spansToTransactions); traceLifecycle: \'static\' has them sent as before' },
  { name: JAVASCRIPT, from: 8, to: 10, verdict: 'lost', text: 'spans that they send beside transactions are left out; the old one gets them until the move is finished' },
  // test/sdk/README.md
  { name: /^sentry\.javascript\.node$/, from: 11, to: Infinity, verdict: 'differs', text: 'a message has the stack of its caller, and GlitchTip puts all of them into one issue: attachStacktrace: false has them apart' },
];
/** Those of which one was run (test/soak/sdks/README.md). */
const TRIED: readonly RegExp[] = [JAVASCRIPT, /^sentry\.python(\.|$)/, /^sentry\.go(\.|$)/, /^sentry\.java(\.|$)/];
const MOST_NAMED = 8;

export function judgeSdks(sdks: readonly OldSdk[] | undefined): readonly Finding[] {
  if (sdks === undefined || sdks.length === 0) return [];
  const untried = sdks.filter(({ name }) => !TRIED.some((each) => each.test(name)));
  return [
    { verdict: 'works', about: 'SDKs', text: named(sdks) },
    ...KNOWN.flatMap((known) => ofKnown(known, sdks)),
    ...(untried.length === 0 ? [] : [{ verdict: 'differs', about: 'SDKs', text: `nobody tried ${named(untried)} with this stack, and nothing is known against it: compare what comes before the cutover` } as const]),
  ];
}

function ofKnown({ name, from, to, verdict, text }: Known, sdks: readonly OldSdk[]): readonly Finding[] {
  const concerned = sdks.filter((sdk) => name.test(sdk.name) && isBetween(sdk.version, from, to));
  return concerned.length === 0 ? [] : [{ verdict, about: 'SDKs', text: `${named(concerned)}: ${text}` }];
}

/** False of a version that is no number. */
function isBetween(version: string, from: number, to: number): boolean {
  const major = Number.parseInt(version, 10);
  return major >= from && major <= to;
}

/** Those of most events. */
function named(sdks: readonly OldSdk[]): string {
  const largest = [...sdks].sort((one, other) => other.events - one.events).slice(0, MOST_NAMED).map(({ name, version }) => visible(`${name} ${version}`.trim()));
  return `${largest.join(', ')}${sdks.length > MOST_NAMED ? ` and ${sdks.length - MOST_NAMED} more` : ''}`;
}
