// What an answer of an S3 server means for a backup.
import type { Failure } from './report.js';

export interface S3Answer {
  readonly status: number;
  /** Of the Date header. */
  readonly date?: Date;
  readonly body: string;
}

export type S3Verdict =
  | { readonly kind: 'done' }
  /** No such object. */
  | { readonly kind: 'absent' }
  /** An object of this name is there already (If-None-Match). */
  | { readonly kind: 'exists' }
  /** Try again. */
  | { readonly kind: 'later'; readonly detail: string }
  | { readonly kind: 'refused'; readonly reason: Failure; readonly detail: string };

/** The servers' limit for the age of a signature. Milliseconds. */
const SKEW_LIMIT = 15 * 60_000;
const FULL: readonly (string | undefined)[] = ['InsufficientStorage', 'QuotaExceeded', 'XMinioStorageFull'];
/** Besides 5xx. 409: another request for the same name is under way. */
const LATER: readonly number[] = [408, 409, 429];

export function judgeAnswer(answer: S3Answer, now: Date): S3Verdict {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'done' };
  if (status === 412) return { kind: 'exists' };
  const code = codeOf(answer.body);
  if (status === 404 && code !== 'NoSuchBucket') return { kind: 'absent' };
  return judgeRefusal(answer, { code, detail: code === undefined ? String(status) : `${status} ${code}`, now });
}

interface Refusal {
  readonly code: string | undefined;
  readonly detail: string;
  readonly now: Date;
}

function judgeRefusal(answer: S3Answer, refusal: Refusal): S3Verdict {
  const { status } = answer;
  const { code, detail } = refusal;
  if (status === 507 || FULL.includes(code)) return { kind: 'refused', reason: 'NoSpace', detail };
  if (status === 403) return judgeForbidden(answer, refusal);
  if (status >= 500 || LATER.includes(status)) return { kind: 'later', detail };
  return { kind: 'refused', reason: 'StoreRefused', detail: status < 400 ? `${detail}: the bucket is at another endpoint or in another region` : detail };
}

/** Some servers say only that the signature is wrong. */
function judgeForbidden({ date }: S3Answer, { code, detail, now }: Refusal): S3Verdict {
  const ahead = date === undefined ? 0 : now.getTime() - date.getTime();
  if (code !== 'RequestTimeTooSkewed' && Math.abs(ahead) <= SKEW_LIMIT) return { kind: 'refused', reason: 'StoreRefused', detail };
  const clock = date === undefined ? 'the clocks of this node and of the store differ' : `the clock of this node is ${Math.round(Math.abs(ahead) / 1_000)} s ${ahead < 0 ? 'behind' : 'ahead of'} the store's`;
  return { kind: 'refused', reason: 'ClockSkewed', detail: `${detail}: ${clock}` };
}

/** Of an error in XML: a word of S3's own, or nothing. */
function codeOf(body: string): string | undefined {
  return /<Code>([A-Za-z0-9.]{1,60})<\/Code>/.exec(body)?.[1];
}

export interface ListedPage {
  readonly objects: readonly { readonly key: string; readonly bytes: number }[];
  /** Of the next page. */
  readonly token?: string;
}

/** Of ListObjectsV2 with encoding-type=url. @throws Error for what is none */
export function parseListing(xml: string): ListedPage {
  if (!xml.includes('<ListBucketResult')) throw new Error('expected a ListBucketResult, found something else');
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, content = '']) => ({
    key: decodeURIComponent((element(content, 'Key') ?? '').replaceAll('+', ' ')), bytes: Number(element(content, 'Size')),
  }));
  const token = element(xml, 'NextContinuationToken');
  return { objects, ...(token === undefined ? {} : { token: unescape(token) }) };
}

function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

function unescape(text: string): string {
  const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => entities[name] ?? '');
}
