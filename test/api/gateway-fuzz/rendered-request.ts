// A plan as the bytes that are sent, with the keys of a lane and ids that nobody has seen.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { envelopeBytes } from './envelope-plan.js';
import type { Project } from './glitchtip-web.js';
import { idText, payloadBytes } from './json-forms.js';
import type { BodyPlan, Credential, EncodingLabel, KeyForm, Packing, ReportForm, RequestPlan } from './request-plan.js';

/** Whose keys a request may hold. */
export interface Lane {
  readonly open: Project;
  readonly throttled: Project;
  /** A key of nobody's that is sent to these projects only. */
  readonly other: Project;
}

export interface RenderedRequest {
  readonly method: string;
  /** With the query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body before it was packed. */
  readonly plain: Buffer;
  readonly isChunked: boolean;
  /** Number of the request: its markers begin with `rNUMBER-`. */
  readonly number: number;
}

export interface RenderPorts {
  readonly lane: Lane;
  readonly number: number;
  /** 32 hexadecimal digits, another each time. */
  readonly newId: () => string;
  /** Seconds of Unix time. */
  readonly now: number;
}

export function renderRequest(plan: RequestPlan, ports: RenderPorts): RenderedRequest {
  const project = plan.project === 'throttled' ? ports.lane.throttled : ports.lane.open;
  const plain = bodyBytes(plan.body, project, ports);
  const body = PACKERS[plan.packing](plain);
  const queries = plan.credentials.filter(({ place }) => place === 'query').map((credential) => credentialText(credential, project, ports, encodeURIComponent));
  const path = plan.path.replace('PROJECT', projectText(plan.project, project));
  return {
    method: plan.method, target: queries.length > 0 ? `${path}?${queries.join('&')}` : path, body, plain, isChunked: plan.isChunked, number: ports.number,
    headers: {
      ...Object.fromEntries(plan.credentials.filter(({ place }) => place !== 'query').map((credential) => [credential.place, credentialText(credential, project, ports, (text) => text)])),
      ...present('content-encoding', labelText(plan.label, plan.packing)), ...present('content-type', plan.contentType), ...present('host', plan.host), ...present('origin', plan.origin),
      ...(plan.asks ? { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-sentry-auth' } : {}),
      // A body of no length is one of nothing to GlitchTip; node:http would send chunks.
      ...(plan.isChunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(body.length) }),
    },
  };
}

function present(name: string, value: string | undefined): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [name]: value };
}

function projectText(form: RequestPlan['project'], { id }: Project): string {
  const texts: Readonly<Record<RequestPlan['project'], string>> = {
    'open': String(id), 'throttled': String(id), 'unknown': '999999', 'zeros before it': `00${id}`, 'too large': '99999999999999999999', 'sixteen digits': '1000000000000000', 'no number': 'mine', 'negative': `-${id}`, 'with a point': `${id}.0`,
    'percent-encoded': String(id).replace(/./g, (digit) => `%3${digit}`), 'nothing': '',
  };
  return texts[form];
}

function credentialText({ text, key }: Credential, project: Project, { lane, newId }: RenderPorts, encode: (text: string) => string): string {
  return text.replace('<key>', () => encode(keyText(key, project.key, lane, newId))).replace('<other>', lane.other.key);
}

function keyText(form: KeyForm, key: string, { other }: Lane, newId: () => string): string {
  const hyphenated = key.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const texts: Readonly<Record<KeyForm, string>> = {
    'right': key, 'of another project': other.key, 'random': newId(), 'right in capitals': key.toUpperCase(), 'right with hyphens': hyphenated, 'right with hyphens anywhere': key.replace(/^(.{3})(.{20})/, '$1-$2--'), 'right as a URN': `urn:uuid:${hyphenated}`,
    'right as a URN without hyphens': `urn:uuid:${key}`, 'right in braces': `{${key}}`, 'right in a brace': `{{${hyphenated}`, 'right in quotes': `"${key}"`, 'right behind a space': ` ${key}`, 'right and a word': `${key}:secret`, 'too short': key.slice(1), 'too long': `${key}0`,
    'a word': 'mine', 'empty': '', 'underscores': `0_${key.slice(2)}`, 'letters beyond f': `${key.slice(1)}g`,
  };
  return texts[form];
}

function bodyBytes(plan: BodyPlan, { key }: Project, { number, newId, now }: RenderPorts): Buffer {
  const marker = (item: number) => `r${number}-${item}`;
  switch (plan.kind) {
    case 'envelope': return envelopeBytes(plan.envelope, { key, newId, marker, now });
    case 'event': return payloadBytes(plan.payload, { id: idText(plan.id, newId()), marker: marker(0), now });
    case 'report': return Buffer.from(reportText(plan.report, marker(0)));
    case 'form': return Buffer.from('--x\r\ncontent-disposition: form-data; name="upload_file_minidump"; filename="a.dmp"\r\n\r\nMDMP\r\n--x--\r\n');
    case 'nothing': return Buffer.alloc(0);
  }
}

function reportText(form: ReportForm, marker: string): string {
  const whole = { 'blocked-uri': `https://${marker}.example/`, 'disposition': 'enforce', 'document-uri': 'https://app.example/', 'effective-directive': 'img-src', 'original-policy': "img-src 'self'", 'script-sample': '', 'status-code': 200 };
  const { 'original-policy': policy, ...noPolicy } = whole;
  const { 'status-code': status, ...noStatus } = whole;
  const reports: Readonly<Record<ReportForm, unknown>> = {
    'whole': { 'csp-report': whole }, 'numbers for texts': { 'csp-report': { ...whole, 'disposition': 1, 'blocked-uri': 2.5 } }, 'null where it may be': { 'csp-report': { ...whole, 'original-policy': null, 'status-code': null, 'script-sample': null, 'line_number': null } },
    'no policy': { 'csp-report': noPolicy, policy }, 'no status': { 'csp-report': noStatus, status }, 'a status that is a text': { 'csp-report': { ...whole, 'status-code': '200' } }, 'a status that is a word': { 'csp-report': { ...whole, 'status-code': 'fine' } },
    'a list for a text': { 'csp-report': { ...whole, 'document-uri': [] } }, 'no report': {}, 'a report that is null': { 'csp-report': null }, 'a report that is a list': { 'csp-report': [whole] }, 'a list of reports': [{ 'type': 'csp-violation', 'body': whole }],
  };
  return JSON.stringify(reports[form]);
}

/** Node.js 20, on which the tests run too, has none. */
const zstd = (zlib as { readonly zstdCompressSync?: (bytes: Buffer) => Buffer }).zstdCompressSync;

const MORE = Buffer.from('more');
const PACKERS: Readonly<Record<Packing, (bytes: Buffer) => Buffer>> = {
  'none': (bytes) => bytes,
  'gzip': (bytes) => gzipSync(bytes),
  'deflate': (bytes) => deflateSync(bytes),
  'raw deflate': (bytes) => deflateRawSync(bytes),
  'br': (bytes) => brotliCompressSync(bytes),
  'zstd': (bytes) => (zstd ? zstd(bytes) : bytes),
  'gzip in two members': (bytes) => Buffer.concat([gzipSync(bytes.subarray(0, bytes.length / 2)), gzipSync(bytes.subarray(bytes.length / 2))]),
  'gzip, cut off': (bytes) => cut(gzipSync(bytes)),
  'gzip, damaged at the end': (bytes) => damaged(gzipSync(bytes)),
  'gzip and more': (bytes) => Buffer.concat([gzipSync(bytes), MORE]),
  'deflate, cut off': (bytes) => cut(deflateSync(bytes)),
  'br, cut off': (bytes) => cut(brotliCompressSync(bytes)),
  'br and more': (bytes) => Buffer.concat([brotliCompressSync(bytes), MORE]),
};

function cut(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.floor(bytes.length * 0.8));
}

/** Another checksum. */
function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(copy.length - 5) ^ 0xff, copy.length - 5);
  return copy;
}

function labelText(label: EncodingLabel, packing: Packing): string | undefined {
  const own = /^(?:raw )?(gzip|deflate|br|zstd)/.exec(packing)?.[1];
  switch (label) {
    case 'right': return own;
    case 'none': return undefined;
    case 'in capitals': return own?.toUpperCase();
    default: return label;
  }
}
