// What a generated request is made of, before ids and keys are in it: small words that can be shrunk, and read when a test fails.
import fc from 'fast-check';
import { envelopePlan, type EnvelopePlan } from './envelope-plan.js';
import { ID_FORMS, PAYLOAD_FORMS, type IdForm, type PayloadForm } from './json-forms.js';

/** Texts of paths, with PROJECT where the project's number is. */
const PATHS = [
  '/api/PROJECT/envelope/', '/api/PROJECT/store/', '/api/PROJECT/security/', '/api/PROJECT/minidump/', '/api/PROJECT/envelope', '/api/PROJECT/store', '/api/PROJECT/events/',
  '/api/PROJECT/', '/api/PROJECT/envelope//', '/api//PROJECT/envelope/', '//api/PROJECT/envelope/', '/API/PROJECT/envelope/', '/api/PROJECT/Envelope/', '/api/PROJECT/envelop%65/',
  '/%61pi/PROJECT/store/', '/api/PROJECT/envelope%2F', '/api/PROJECT/./envelope/', '/api/PROJECT/x/../envelope/', '/api/PROJECT/envelope/x',
] as const;
const [ENVELOPE, STORE, SECURITY, MINIDUMP] = PATHS;

/** Which number stands in the path. */
const PROJECTS = ['open', 'throttled', 'unknown', 'zeros before it', 'too large', 'sixteen digits', 'no number', 'negative', 'with a point', 'percent-encoded', 'nothing'] as const;

const METHODS = ['POST', 'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** How the key is spelled: some are the right one to Python, some are none. */
export const KEY_FORMS = [
  'right', 'of another project', 'random', 'right in capitals', 'right with hyphens', 'right with hyphens anywhere', 'right as a URN', 'right as a URN without hyphens', 'right in braces', 'right in a brace',
  'right in quotes', 'right behind a space', 'right and a word', 'too short', 'too long', 'a word', 'empty', 'underscores', 'letters beyond f',
] as const;
export type KeyForm = (typeof KEY_FORMS)[number];

/** Where a key is, with <key> for the key and <other> for one that is not the project's. */
const QUERIES = [
  'sentry_key=<key>', 'glitchtip_key=<key>', 'sentry_version=7&sentry_key=<key>&sentry_client=a%2F1', 'sentry_key=<key>&sentry_key=<other>', 'sentry_key=<other>&sentry_key=<key>', 'sentry_key=<other>&glitchtip_key=<key>',
  'glitchtip_key=<key>&sentry_key=<other>', 'sentry_key', 'SENTRY_KEY=<key>', 'sentry_key%3DKEY', 'sentry%5Fkey=<key>', 'a=%zz&sentry_key=<key>', 'a=1;sentry_key=<key>', '&&sentry_key=<key>&&', 'sentry_key=<key>?', '',
] as const;
const AUTHS = [
  'Sentry sentry_version=7, sentry_key=<key>, sentry_client=a/1', 'Sentry sentry_key=<key>', 'Sentry sentry_version=7,sentry_key=<key>', 'Sentry glitchtip_key=<key>', 'Sentry   sentry_key=<key>',
  'Sentry sentry_key=<other>, sentry_key=<key>', 'Sentry sentry_key=<key>, sentry_key=<other>', 'Sentry glitchtip_key=<other>, sentry_key=<key>', 'Sentry sentry_key=<key>, glitchtip_key=<other>',
  'anything sentry_key=<key>', 'sentry_key=<key>', 'Sentry sentry_key=<key>,', 'Sentry sentry_version, sentry_key=<key>', 'Sentry sentry_key = <key>', 'Sentry SENTRY_KEY=<key>', 'Sentry\tsentry_key=<key>',
  'Sentry sentry_key=<key>; sentry_client=a', 'Sentry sentry_key', 'Sentry sentry_client=a', 'Sentry', 'Bearer <key>', 'Basic S0VZ', 'DSN https://<key>@localhost/1', '',
] as const;

export type Place = 'query' | 'x-sentry-auth' | 'authorization';
export interface Credential {
  readonly place: Place;
  readonly text: string;
  readonly key: KeyForm;
}

export const PACKINGS = ['none', 'gzip', 'deflate', 'raw deflate', 'br', 'zstd', 'gzip in two members', 'gzip, cut off', 'gzip, damaged at the end', 'gzip and more', 'deflate, cut off', 'br, cut off', 'br and more'] as const;
export type Packing = (typeof PACKINGS)[number];
const LABELS = ['right', 'none', 'gzip', 'deflate', 'br', 'zstd', 'identity', 'x-gzip', 'gzip, br', 'in capitals'] as const;
export type EncodingLabel = (typeof LABELS)[number];

const CONTENT_TYPES = ['application/x-sentry-envelope', 'application/json', 'text/plain;charset=UTF-8', 'application/csp-report', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'nonsense', ''] as const;
const HOSTS = ['localhost', 'glitchtip.example:443', 'not a host', 'a/b', 'under_score', ''] as const;
const ORIGINS = ['https://app.example', 'null', 'nonsense'] as const;

/** Reports of a browser's Content-Security-Policy. */
export const REPORT_FORMS = ['whole', 'numbers for texts', 'null where it may be', 'no policy', 'no status', 'a status that is a text', 'a status that is a word', 'a list for a text', 'no report', 'a report that is null', 'a report that is a list', 'a list of reports'] as const;
export type ReportForm = (typeof REPORT_FORMS)[number];

export type BodyPlan =
  | { readonly kind: 'envelope'; readonly envelope: EnvelopePlan }
  | { readonly kind: 'event'; readonly id: IdForm; readonly payload: PayloadForm }
  | { readonly kind: 'report'; readonly report: ReportForm }
  | { readonly kind: 'form' }
  | { readonly kind: 'nothing' };

export interface RequestPlan {
  readonly method: (typeof METHODS)[number];
  readonly path: (typeof PATHS)[number];
  readonly project: (typeof PROJECTS)[number];
  readonly credentials: readonly Credential[];
  readonly body: BodyPlan;
  readonly packing: Packing;
  readonly label: EncodingLabel;
  readonly isChunked: boolean;
  readonly contentType: string | undefined;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Access-Control-Request-Method: a browser asks before it sends. */
  readonly asks: boolean;
}

/** The first most of the time: what is behind it would hardly be reached otherwise. */
function mostly<T>(share: number, usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: share, arbitrary: usual }, { weight: 100 - share, arbitrary: other });
}

const key = mostly(92, fc.constant<KeyForm>('right'), fc.constantFrom(...KEY_FORMS));
const inQuery = fc.record({ place: fc.constant<Place>('query'), text: mostly(85, fc.constantFrom<string>(...QUERIES.slice(0, 3)), fc.constantFrom<string>(...QUERIES)), key });
const inHeader = (place: Place) => fc.record({ place: fc.constant(place), text: mostly(85, fc.constantFrom<string>(...AUTHS.slice(0, 3)), fc.constantFrom<string>(...AUTHS)), key });
const credential: fc.Arbitrary<Credential> = fc.oneof(inQuery, inHeader('x-sentry-auth'), inHeader('authorization'));
const credentials = mostly(93, credential.map((one): readonly Credential[] => [one]), fc.uniqueArray(credential, { maxLength: 3, selector: ({ place }) => place }));

const event: fc.Arbitrary<BodyPlan> = fc.record({ kind: fc.constant('event'), id: mostly(60, fc.constant<IdForm>('fresh'), fc.constantFrom(...ID_FORMS)), payload: mostly(50, fc.constantFrom(...PAYLOAD_FORMS.slice(0, 3)), fc.constantFrom(...PAYLOAD_FORMS)) });
const envelope: fc.Arbitrary<BodyPlan> = fc.record({ kind: fc.constant('envelope'), envelope: envelopePlan });
const report: fc.Arbitrary<BodyPlan> = fc.record({ kind: fc.constant('report'), report: fc.constantFrom(...REPORT_FORMS) });
const anyBody: fc.Arbitrary<BodyPlan> = fc.oneof(envelope, event, report, fc.constant<BodyPlan>({ kind: 'form' }), fc.constant<BodyPlan>({ kind: 'nothing' }));

function at(path: RequestPlan['path'], body: fc.Arbitrary<BodyPlan>): fc.Arbitrary<Pick<RequestPlan, 'path' | 'body'>> {
  return fc.record({ path: fc.constant(path), body: mostly(93, body, anyBody) });
}

const targets: fc.Arbitrary<Pick<RequestPlan, 'path' | 'body'>> = fc.oneof(
  { weight: 60, arbitrary: at(ENVELOPE, envelope) },
  { weight: 16, arbitrary: at(STORE, event) },
  { weight: 8, arbitrary: at(SECURITY, report) },
  { weight: 3, arbitrary: at(MINIDUMP, fc.constant<BodyPlan>({ kind: 'form' })) },
  { weight: 13, arbitrary: fc.record({ path: fc.constantFrom(...PATHS), body: anyBody }) },
);

const rest: fc.Arbitrary<Omit<RequestPlan, 'path' | 'body'>> = fc.record({
  method: mostly(95, fc.constant<RequestPlan['method']>('POST'), fc.constantFrom(...METHODS)),
  project: mostly(94, fc.constant<RequestPlan['project']>('open'), fc.constantFrom(...PROJECTS)),
  credentials,
  packing: mostly(75, fc.constant<Packing>('none'), fc.constantFrom(...PACKINGS)),
  label: mostly(95, fc.constant<EncodingLabel>('right'), fc.constantFrom(...LABELS)),
  isChunked: mostly(85, fc.constant(false), fc.constant(true)),
  contentType: fc.oneof(fc.constant(undefined), fc.constantFrom<string>(...CONTENT_TYPES)),
  host: mostly(97, fc.constant<string | undefined>(undefined), fc.constantFrom<string>(...HOSTS)),
  origin: mostly(75, fc.constant<string | undefined>(undefined), fc.constantFrom<string>(...ORIGINS)),
  asks: mostly(95, fc.constant(false), fc.constant(true)),
});

/** Any request that an SDK, or somebody's mistake, might send; small, and harmless to whoever reads it. */
export const requestPlan: fc.Arbitrary<RequestPlan> = fc.tuple(targets, rest).map(([target, more]) => ({ ...target, ...more }));
