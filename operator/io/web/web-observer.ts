// Asks web as its probe, its users and their browsers do: a handful of requests a check, none longer than its timeout.
import { request, type IncomingMessage } from 'node:http';

import type { Answer, PodFacts, WebFacts } from '../../core/health/health-facts.js';
import { withDeadline } from '../../runtime/deadline.js';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** A request to one address, as one host; `limit`: of the answer, as much is read. Bytes. */
interface Question extends Address {
  readonly path: string;
  readonly as: string;
  /** @default 0 */
  readonly limit?: number;
}

type Ask = (question: Question) => Promise<{ readonly answer: Answer; readonly text: string }>;

/** A probe of ours waits 10 s; what takes longer than this is no answer. Milliseconds. */
const TIMEOUT = 15_000;
/** Of the page, enough to find the first script in. Bytes. */
const PAGE_LIMIT = 65_536;
const HEALTH_PATH = '/_health/';

export async function observeWeb(address: Address, pods: readonly PodFacts[], signal: AbortSignal): Promise<WebFacts> {
  const { host, port } = address;
  const ask: Ask = (question) => askWithin(question, signal);
  const health = (await ask({ host, port, path: HEALTH_PATH, as: 'localhost' })).answer;
  const isWell = health.kind === 'answered' && health.status === 200;
  const name = pods.find(({ part, domain }) => part === 'web' && domain !== undefined)?.domain;
  const [domain, front, own] = await Promise.all([
    isWell && name !== undefined && name !== 'localhost' ? ask({ host, port, path: HEALTH_PATH, as: name }).then(({ answer }) => ({ host: name, answer })) : undefined,
    isWell ? askFront(ask, address) : {},
    askPods(ask, pods, isWell),
  ]);
  return { health, ...(domain ? { domain } : {}), ...front, pods: own };
}

/** Those that are not Ready; all of them when the Service does not answer. */
async function askPods(ask: Ask, pods: readonly PodFacts[], isWell: boolean): Promise<WebFacts['pods']> {
  const asked = pods.filter(({ part, ready, alive, ending, containers }) => part === 'web' && alive && !ending && !(ready && isWell) && containers.some(({ init, state }) => !init && state.kind === 'running'));
  const answers = asked.map(async ({ name, address, probe }) => {
    if (!address || !probe) return [];
    const { answer } = await ask({ host: address, port: probe.port, path: probe.path, as: probe.host ?? address });
    return [{ pod: name, answer }];
  });
  return (await Promise.all(answers)).flat();
}

async function askFront(ask: Ask, { host, port }: Address): Promise<Pick<WebFacts, 'page' | 'asset'>> {
  const { answer: page, text } = await ask({ host, port, path: '/', as: 'localhost', limit: PAGE_LIMIT });
  const path = firstAsset(text);
  return path === undefined ? { page } : { page, asset: { path, answer: (await ask({ host, port, path, as: 'localhost' })).answer } };
}

/** The first script or style sheet of the same origin that the page names. */
export function firstAsset(page: string): string | undefined {
  const origin = 'http://localhost';
  const links = [...page.matchAll(/(?:src|href)=["']([^"']+\.(?:js|css)(?:\?[^"']*)?)["']/g)].map(([, link = '']) => link);
  const own = links.find((link) => URL.canParse(link, origin) && new URL(link, origin).origin === origin);
  return own === undefined ? undefined : new URL(own, origin).pathname;
}

async function askWithin(question: Question, signal: AbortSignal): ReturnType<Ask> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1_000;
  try {
    const { status, text } = await withDeadline(signal, TIMEOUT, (limited) => get(question, limited));
    return { answer: { kind: 'answered', status, seconds: seconds() }, text };
  } catch (error) {
    signal.throwIfAborted();
    return { answer: { kind: 'silent', code: codeOf(error), seconds: seconds() }, text: '' };
  }
}

function get({ host, port, path, as, limit = 0 }: Question, signal: AbortSignal): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, path, headers: { host: as, connection: 'close' }, agent: false, signal }, (response) => {
      readUpTo(response, limit).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function readUpTo(response: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (size >= limit) break;
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return Buffer.concat(chunks).toString('latin1');
}

/** ECONNREFUSED, ENOTFOUND; or that it took too long. */
export function codeOf(error: unknown): string {
  const { name, code } = error as Partial<NodeJS.ErrnoException>;
  if (name === 'AbortError' || name === 'TimeoutError') return 'timeout';
  return typeof code === 'string' ? code : 'no answer';
}
