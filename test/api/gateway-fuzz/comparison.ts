// What is compared of the two answers to a request: what SDKs and browsers read of them.
import type { Reply } from './http-exchange.js';
import type { RenderedRequest } from './rendered-request.js';
import type { RequestPlan } from './request-plan.js';

export interface Exchange {
  readonly plan: RequestPlan;
  readonly request: RenderedRequest;
  readonly glitchtip: Reply;
  readonly gateway: Reply;
}

/** Status, id and, of an envelope's refusal, its reason; whether a page of another origin may send, and where to go instead; what the page may read. */
export type Aspect = 'answer' | 'headers' | 'exposed headers';

export function differencesOf({ plan, request, glitchtip, gateway }: Exchange): readonly Aspect[] {
  const isOfEnvelope = plan.path.endsWith('/envelope/');
  const answers = [glitchtip, gateway].map((reply) => JSON.stringify([reply.status, reply.status < 300 ? idOf(reply) : isOfEnvelope ? detailOf(reply) : '']));
  const headers = [glitchtip, gateway].map((reply) => JSON.stringify(headersOf(reply, request)));
  const exposed = [glitchtip, gateway].map((reply) => reply.headers['access-control-expose-headers']);
  const pairs = [['answer', answers], ['headers', headers], ['exposed headers', exposed]] as const;
  return pairs.filter(([, [ofGlitchtip, ofGateway]]) => ofGlitchtip !== ofGateway).map(([aspect]) => aspect);
}

function idOf({ body }: Reply): unknown {
  const { id, event_id: eventId } = jsonOf(body);
  return id ?? eventId;
}

function detailOf({ body }: Reply): unknown {
  return jsonOf(body)['detail'];
}

function jsonOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

function headersOf({ headers }: Reply, request: RenderedRequest): readonly unknown[] {
  if (request.headers['origin'] === undefined) return [headers.location];
  const asked = isPreflight(request) ? [sorted(headers['access-control-allow-headers']), sorted(headers['access-control-allow-methods']), headers['access-control-max-age']] : [];
  return [headers.location, headers['access-control-allow-origin'], ...asked];
}

function isPreflight({ method, headers }: RenderedRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

function sorted(list: string | undefined): readonly string[] {
  return (list ?? '').split(',').map((name) => name.trim().toLowerCase()).sort();
}

/** For a person who wants to repeat it. */
export function describeExchange({ request, glitchtip, gateway }: Exchange): string {
  const { method, target, headers, plain, body } = request;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const packed = plain.equals(body) ? [] : [`packed, in hexadecimal: ${body.subarray(0, 1_000).toString('hex')}`];
  const answers = [['GlitchTip', glitchtip], ['gateway', gateway]] as const;
  return [`${method} ${target}`, ...lines, '', plain.subarray(0, 4_000).toString('latin1'), ...packed, ...answers.map(([name, reply]) => `${name}: ${reply.status} ${JSON.stringify(reply.headers)} ${reply.body.slice(0, 200)}`)].join('\n');
}
