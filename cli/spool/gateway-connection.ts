// The gateway's control port from outside of the cluster: by kubectl's port-forward, with the token of its Secret.
import { request as connect } from 'node:http';
import type * as z from 'zod';
import { CONTROL_PORT, CONTROL_SECRET, CONTROL_SERVICE, CONTROL_TOKEN, GATEWAY_HEADER } from '../../gateway/control/control-answers.js';
import { Failure, type FailureKind } from '../failure.js';
import { ask, type Place } from '../glitchtip-resource-access.js';
import { forwardOnce } from '../port-forward.js';
import { visible } from '../safe-text.js';
import { refusal } from './gateway-answers.js';

/** The gateway looks through a spool of 1 GiB in seconds. Milliseconds without a byte. */
const TIMEOUT = 60_000;

export interface Answered {
  /** The gateway that answered: with two of them, either may. */
  readonly gateway: string;
  readonly body: Buffer;
}

export class GatewayConnection {
  constructor(private readonly port: number, private readonly token: string) {}

  /** @throws Failure with what the gateway says, when it refuses */
  async ask(method: 'GET' | 'POST' | 'DELETE', path: string): Promise<Answered> {
    const { status, gateway, body } = await this.#exchange(method, path);
    if (status < 400) return { gateway, body };
    const detail = visible(refusal.safeParse(parse(body)).data?.detail ?? `it answers ${status}`);
    if (status === 401) throw new Failure('unauthorized', `gateway ${gateway} does not take the token of Secret ${CONTROL_SECRET}: after a rotation it may be a minute until it has the new one`);
    throw new Failure(KINDS[status] ?? 'other', `gateway ${gateway}: ${detail}`);
  }

  #exchange(method: string, path: string): Promise<Answered & { readonly status: number }> {
    return new Promise((resolve, reject) => {
      const failed = ({ message }: Error): void => reject(new Failure('unreachable', `the gateway does not answer: ${message}`));
      const request = connect({ host: '127.0.0.1', port: this.port, method, path, agent: false, timeout: TIMEOUT, headers: { authorization: `Bearer ${this.token}` } }, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', failed);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, gateway: visible(String(response.headers[GATEWAY_HEADER] ?? 'without a name')), body: Buffer.concat(pieces) }));
      });
      request.on('timeout', () => request.destroy(new Error(`nothing came for ${TIMEOUT / 1000} s`)));
      request.on('error', failed);
      request.end();
    });
  }
}

const KINDS: Readonly<Record<number, FailureKind>> = { 404: 'not found', 409: 'refused', 503: 'refused' };

/** @throws Failure that says what is missing: the Secret, the Service, a pod, a right */
export async function withGateway<T>(place: Place, work: (gateway: GatewayConnection) => Promise<T>): Promise<T> {
  const token = await readToken(place);
  const forward = await forwardOnce(place.target, { namespace: place.namespace, service: CONTROL_SERVICE, remote: CONTROL_PORT });
  try {
    return await work(new GatewayConnection(forward.port, token));
  } finally {
    await forward.stop();
  }
}

async function readToken(place: Place): Promise<string> {
  const secret = await ask(place, 'get', 'secret', CONTROL_SECRET, '--output', 'json').catch((error: unknown) => {
    if (error instanceof Failure && error.kind === 'not found') throw new Failure('not found', `there is no Secret ${CONTROL_SECRET} in namespace "${place.namespace}", so no gateway runs there: pass --namespace, or "kubectl get gt -A" lists what there is`);
    throw error;
  });
  const { data } = JSON.parse(secret) as { readonly data?: Readonly<Record<string, string>> };
  const token = Buffer.from(data?.[CONTROL_TOKEN] ?? '', 'base64').toString('utf8').trim();
  if (token === '') throw new Failure('other', `Secret ${CONTROL_SECRET}: expected a key ${CONTROL_TOKEN}, found ${Object.keys(data ?? {}).join(', ') || 'none'}`);
  return token;
}

/** @throws Failure when it is no JSON of this form */
export function understood<Schema extends z.ZodType>(schema: Schema, bytes: Buffer): z.output<Schema> {
  const parsed = schema.safeParse(parse(bytes));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new Failure('other', `what the gateway says cannot be understood (${where || 'no JSON'}): it is of another version than this program`);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
