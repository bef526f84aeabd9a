// Where the gateway answers otherwise than GlitchTip 5.2, and why. docs/gateway-answers.md shows the list; one that no request shows fails the test.
import { IS_ZSTD_KNOWN } from '../../../operator/runtime/zstd.js';
import type { Aspect, Exchange } from './comparison.js';
import type { PayloadForm } from './json-forms.js';
import type { KeyForm, Packing } from './request-plan.js';

/** A row of the table in docs/gateway-answers.md. */
export interface DifferenceRow {
  /** What is sent. */
  readonly sent: string;
  /** What GlitchTip answers. */
  readonly glitchtip: string;
  readonly gateway: string;
  readonly why: string;
}

export interface KnownDifference extends DifferenceRow {
  readonly aspect: Aspect;
  readonly explains: (exchange: Exchange) => boolean;
  /** False where this Node.js cannot show it. */
  readonly canBeShown?: boolean;
}

const DAMAGED: readonly Packing[] = ['gzip in two members', 'gzip, damaged at the end', 'br and more'];
const NO_HOST = ['not a host', 'a/b', 'under_score', 'glitchtip.example:443'];
const ODD_LETTERS: readonly PayloadForm[] = ['an event with a byte order mark', 'an event with a byte that is no text', 'an event with half a character', 'an event with NaN'];
const WRONG_FIELDS: readonly PayloadForm[] = ['a level that is a list', 'a logger that is true', 'a transaction name that is an object', 'tags that are a text', 'an exception that is a text'];

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    sent: 'Anything to a project whose organization takes no events', glitchtip: '429', gateway: 'as to any other project',
    why: 'What is taken is kept until the organization takes events again; GlitchTip has it lost.',
    aspect: 'answer', explains: ({ plan, glitchtip }) => plan.project === 'throttled' && glitchtip.status === 429,
  },
  {
    sent: 'A key in a header that GlitchTip cannot read: a field without a value, a comma at the end, nothing before the fields', glitchtip: '500', gateway: 'as with the key',
    why: 'GlitchTip fails on it. What key there is, is read.',
    aspect: 'answer', explains: (exchange) => exchange.glitchtip.status === 500 && hasOddHeader(exchange) && ![401, 403, 500].includes(exchange.gateway.status),
  },
  {
    sent: 'A header without a key; at `store/` and `security/` no key at all', glitchtip: '500', gateway: '403, 401',
    why: 'GlitchTip fails on it. It is the answer to a key that is not there.',
    aspect: 'answer', explains: (exchange) => exchange.glitchtip.status === 500 && exchange.gateway.status === (exchange.plan.path.includes('nvelop') ? 403 : 401) && !hasKeyInQuery(exchange),
  },
  {
    sent: 'A key with underscores between its digits', glitchtip: '401 at `store/` and `security/`', gateway: '422',
    why: 'Python reads them as digits; no key has them. Both refuse.',
    aspect: 'answer', explains: (exchange) => hasKey(exchange, 'underscores') && [[403, 403], [401, 422]].some(([left, right]) => exchange.glitchtip.status === left && exchange.gateway.status === right),
  },
  {
    sent: 'gzip with a wrong checksum or in several members, br with more behind it', glitchtip: '400, 422', gateway: '200',
    why: 'What can be unpacked is taken, and given on whole; GlitchTip loses all of it, or what is in other members than the first.',
    aspect: 'answer', explains: ({ plan, request, glitchtip }) => DAMAGED.includes(plan.packing) && request.headers['content-encoding'] !== undefined && (plan.packing === 'gzip in two members' || [400, 422].includes(glitchtip.status)),
  },
  {
    sent: 'Content-Encoding: zstd', glitchtip: '400, 422', gateway: '200', why: 'GlitchTip knows no zstd. It is given on unpacked.',
    aspect: 'answer', explains: ({ plan, request, glitchtip }) => IS_ZSTD_KNOWN && request.headers['content-encoding']?.toLowerCase() === 'zstd' && plan.packing === 'zstd' && [400, 422].includes(glitchtip.status),
    canBeShown: IS_ZSTD_KNOWN,
  },
  {
    sent: 'An event to a Host that is none, or that ALLOWED_HOSTS lacks', glitchtip: '400', gateway: '200',
    why: 'Which host an SDK was told is no reason to lose an event; GlitchTip is given one that it allows.',
    aspect: 'answer', explains: ({ plan, glitchtip }) => NO_HOST.includes(plan.host ?? '') && glitchtip.status === 400,
  },
  {
    sent: 'An event to `store/` without an id, or with one that is none', glitchtip: '422', gateway: '200', why: 'It gets an id; GlitchTip loses it.',
    aspect: 'answer', explains: ({ plan, glitchtip, gateway }) => isStore(plan.path) && glitchtip.status === 422 && gateway.status === 200 && (plan.body.kind !== 'event' || plan.body.id !== 'fresh'),
  },
  {
    sent: 'An event to `store/` with a field of a wrong kind, such as a list for its level', glitchtip: '422', gateway: '200',
    why: 'Which fields it takes, only GlitchTip knows. When it refuses the event, the event is set aside, where a person can look at it.',
    aspect: 'answer', explains: ({ plan, glitchtip, gateway }) => isStore(plan.path) && glitchtip.status === 422 && gateway.status === 200 && plan.body.kind === 'event' && WRONG_FIELDS.includes(plan.body.payload),
  },
  {
    sent: 'An event to `store/` with half a character, a byte that is no UTF-8, a byte order mark, or NaN', glitchtip: '400', gateway: '200',
    why: 'SDKs cut texts in the middle of a character. The event is made whole; GlitchTip loses it.',
    aspect: 'answer', explains: ({ plan, glitchtip, gateway }) => isStore(plan.path) && glitchtip.status === 400 && gateway.status === 200 && plan.body.kind === 'event' && ODD_LETTERS.includes(plan.body.payload),
  },
  {
    sent: 'An event from a page of another origin', glitchtip: 'no `Access-Control-Expose-Headers`', gateway: '`X-Sentry-Rate-Limits`, `Retry-After`, `X-Sentry-Error`',
    why: 'The SDK in the page obeys a limit only if it may read it.',
    aspect: 'exposed headers', explains: ({ request, glitchtip }) => request.headers['origin'] !== undefined && glitchtip.headers['access-control-expose-headers'] === undefined,
  },
];

function isStore(path: string): boolean {
  return path.endsWith('/store/');
}

function hasKey({ plan }: Exchange, form: KeyForm): boolean {
  return plan.credentials.some(({ key }) => key === form);
}

function hasKeyInQuery({ request }: Exchange): boolean {
  const query = new URLSearchParams(request.target.split('?')[1]);
  return query.has('sentry_key') || query.has('glitchtip_key');
}

function hasOddHeader(exchange: Exchange): boolean {
  const header = exchange.request.headers['x-sentry-auth'] ?? exchange.request.headers['authorization'];
  return header !== undefined && !hasKeyInQuery(exchange);
}
