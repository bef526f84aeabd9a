// An API server of which a test says what it answers, and a client with the files that the kubelet would mount.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SubjectAlternativeNameExtension } from '@peculiar/x509';
import { KubernetesApi } from '../../../../../operator/io/kubernetes/api-client.js';
import { connectInCluster } from '../../../../../operator/io/kubernetes/connection.js';
import { selfSigned } from '../../../../support/certificate.js';

const LOOPBACK = [new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])];
export type Identity = Awaited<ReturnType<typeof identity>>;
export const identity = (notAfter = new Date(Date.now() + 86_400_000)) => selfSigned({ name: 'CN=kubernetes', notBefore: new Date(0), notAfter, extensions: LOOPBACK });

export class ApiServerDouble {
  connections = 0;
  requests = 0;
  #server: Server | undefined;
  #folder = '';
  #port = 0;
  #api: KubernetesApi | undefined;

  constructor(private readonly answer: (request: IncomingMessage, response: ServerResponse) => unknown) {}

  get api(): KubernetesApi {
    if (!this.#api) throw new Error('it does not listen yet');
    return this.#api;
  }

  async listen(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-double-'));
    const own = await identity();
    await this.writeToken('token');
    await this.trust(own);
    await this.#start(own);
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(this.#port) };
    this.#api = new KubernetesApi(connectInCluster(env, this.#folder), { onWarning: () => undefined, onAnswer: (method, status) => this.answers.push(`${method} ${status}`) });
  }

  /** What the client says of each, in their order. */
  readonly answers: string[] = [];

  /** With another certificate, on the same port. */
  async restart(other: Identity): Promise<void> {
    await this.stop();
    await this.#start(other);
  }

  /** What the kubelet mounts as the authority. */
  trust({ certificate }: Identity): Promise<void> {
    return writeFile(join(this.#folder, 'ca.crt'), certificate);
  }

  writeToken(token: string): Promise<void> {
    return writeFile(join(this.#folder, 'token'), token);
  }

  async untilAsked(times: number): Promise<void> {
    while (this.requests < times) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  async close(): Promise<void> {
    this.#api?.close();
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #start({ certificate: cert, key }: Identity): Promise<void> {
    this.#server = createServer({ cert, key }, (request, response) => {
      this.requests += 1;
      this.answer(request, response);
    });
    this.#server.on('secureConnection', () => (this.connections += 1));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Nobody listens any more. */
  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => (this.#server?.listening ? this.#server.close(resolve) : resolve(undefined)));
  }
}
