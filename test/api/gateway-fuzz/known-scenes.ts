// Where the gateway answers otherwise than GlitchTip 5.2 to what is larger than what is generated, or depends on what was sent before.
import { gzipSync } from 'node:zlib';
import type { Project } from './glitchtip-web.js';
import type { DifferenceRow } from './known-differences.js';
import type { RenderedRequest } from './rendered-request.js';

export interface KnownScene extends DifferenceRow {
  readonly before?: (project: Project) => RenderedRequest;
  readonly request: (project: Project) => RenderedRequest;
  readonly statuses: readonly [glitchtip: number, gateway: number];
}

const THREE_MEGABYTES = 'x'.repeat(3_000_000);
const event = (more: string) => `{}\n{"type":"event"}\n{"message":"${more}"}\n`;

function envelope({ id, key }: Project, body: Buffer | string, headers: Readonly<Record<string, string>> = {}): RenderedRequest {
  const bytes = Buffer.from(body);
  return { method: 'POST', target: `/api/${id}/envelope/?sentry_key=${key}`, headers: { ...headers, 'content-length': String(bytes.length) }, body: bytes, plain: bytes, isChunked: false, number: 0 };
}

const packed = (project: Project, body: string) => envelope(project, gzipSync(body), { 'content-encoding': 'gzip' });

export const KNOWN_SCENES: readonly KnownScene[] = [
  {
    sent: 'The right key, within 30 s of a wrong one for the same project', glitchtip: '403', gateway: '200', why: 'GlitchTip blocks the project for what somebody else sent. The gateway looks at each key.',
    before: ({ id }) => envelope({ id, key: '0'.repeat(32) }, '{}\n'), request: (project) => envelope(project, '{}\n'), statuses: [403, 200],
  },
  {
    sent: 'An event longer than 2.5 MB', glitchtip: '200', gateway: '413', why: 'The worker of 5.2 needs eight times its length, and is killed for it with all that it holds.',
    request: (project) => envelope(project, event(THREE_MEGABYTES)), statuses: [200, 413],
  },
  {
    sent: 'A packed event longer than 2.5 MB', glitchtip: '400', gateway: '413', why: 'Both refuse it; the gateway says why.',
    request: (project) => packed(project, event(THREE_MEGABYTES)), statuses: [400, 413],
  },
  {
    sent: 'A packed envelope longer than 2.5 MB, with an attachment', glitchtip: '400', gateway: '200', why: 'The gateway leaves attachments out, which GlitchTip forgets anyway, and takes the event beside them.',
    request: (project) => packed(project, `{}\n{"type":"attachment","length":${THREE_MEGABYTES.length}}\n${THREE_MEGABYTES}\n{"type":"event"}\n{"message":"it broke"}`), statuses: [400, 200],
  },
  {
    sent: 'An envelope with a header longer than 64 KiB', glitchtip: '200', gateway: '413', why: 'It would be held in memory before anything is known of it. No SDK writes one.',
    request: (project) => envelope(project, `{"a":"${'x'.repeat(70_000)}"}\n`), statuses: [200, 413],
  },
];
