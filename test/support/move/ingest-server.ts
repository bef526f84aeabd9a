// A server in the role of a Sentry or of GlitchTip's web: takes envelopes, and says which events it was given.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EnvelopeReader } from '../../../gateway/core/envelope-reader.js';
import { itemPolicy } from '../../../gateway/core/item-policy.js';
import { eventId } from '../../../gateway/core/uuid.js';
import { encodingOf, unpackWhole } from '../../../gateway/encoding/unpack.js';

export class IngestServer {
  /** How often it took each event. */
  readonly taken = new Map<string, number>();
  /** Types of the items that it took. */
  readonly types = new Set<string>();
  /** Status of each answer, instead of 200. */
  status = 200;
  readonly #server: Server;

  /** @param projects others are answered 403. @param store what it does with the events before it answers */
  constructor(private readonly projects: readonly number[], private readonly store: (ids: readonly string[]) => Promise<unknown> = () => Promise.resolve()) {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const isKnown = this.projects.includes(Number(request.url?.split('/')[2]));
    const status = isKnown ? this.status : 403;
    const { ids, types } = status === 200 ? read(unpackWhole(Buffer.concat(pieces), encodingOf(request.headers['content-encoding']))) : NOTHING;
    for (const type of types) this.types.add(type);
    await this.store(ids);
    for (const id of ids) this.taken.set(id, (this.taken.get(id) ?? 0) + 1);
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  }
}

interface Taken {
  readonly ids: readonly string[];
  readonly types: readonly string[];
}

const NOTHING: Taken = { ids: [], types: [] };

function read(envelope: Buffer): Taken {
  const reader = new EnvelopeReader(itemPolicy('5.2'));
  reader.push(envelope);
  const result = reader.end();
  if (result.kind === 'refused') return NOTHING;
  const { header, items, ignored } = result.envelope;
  const ids = items.flatMap(({ payload }) => eventId((JSON.parse(payload.toString()) as { event_id?: string }).event_id) ?? eventId(header['event_id']) ?? []);
  return { ids, types: [...items.map(({ type }) => type), ...ignored.keys()] };
}
