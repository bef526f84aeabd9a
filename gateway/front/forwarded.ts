// Who the client is: X-Forwarded-* are believed of the proxies that the settings name, and replaced for everybody else.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

/** A list of networks, such as 10.42.0.0/16 or 127.0.0.1. */
export class TrustedProxies {
  readonly #networks = new BlockList();

  /** @throws RangeError for what is no network */
  constructor(networks: readonly string[]) {
    for (const network of networks) this.#add(network);
  }

  /** False for what is no address. */
  has(address: string): boolean {
    return isIP(address) !== 0 && this.#networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  #add(network: string): void {
    const [address = '', prefix] = network.split('/');
    const version = isIP(address);
    const bits = Number(prefix ?? (version === 6 ? 128 : 32));
    if (version === 0 || !Number.isInteger(bits) || bits < 0 || bits > (version === 6 ? 128 : 32)) throw new RangeError(`expected a network such as 10.42.0.0/16, found ${network}`);
    this.#networks.addSubnet(address, bits, version === 6 ? 'ipv6' : 'ipv4');
  }
}

export interface Forwarded {
  /** Address of the client, as far as it can be believed. */
  readonly client: string;
  /** What GlitchTip is told of it. */
  readonly headers: Readonly<Record<string, string>>;
  /** Address of a proxy that says that the client came by https, and that is not believed; undefined: there is none. */
  readonly disbelieved: string | undefined;
  /** Host that the client asked by plain http, as a proxy that is trusted says; undefined: it came by https, or through no proxy. */
  readonly plainHost: string | undefined;
}

/** A peer that is no trusted proxy is the client, whatever its headers say. `Forwarded` (RFC 7239), which GlitchTip does not read, is dropped. */
export function forwardedOf({ headers, socket }: IncomingMessage, trusted: TrustedProxies): Forwarded {
  const peer = plainAddress(socket.remoteAddress ?? '');
  const said = saidOf(headers);
  if (trusted.has(peer)) return believe(said, peer, trusted);
  return {
    client: peer,
    headers: { 'x-forwarded-for': peer, 'x-forwarded-proto': 'http', 'x-forwarded-host': headers.host ?? '' },
    disbelieved: said.proto === 'https' ? peer : undefined,
    plainHost: undefined,
  };
}

/** What a request says of its client. */
interface Said {
  readonly chain: string | undefined;
  readonly proto: string;
  readonly host: string;
}

function saidOf(headers: IncomingMessage['headers']): Said {
  return { chain: first(headers['x-forwarded-for']), proto: first(headers['x-forwarded-proto']) ?? 'http', host: first(headers['x-forwarded-host']) ?? headers.host ?? '' };
}

function believe({ chain, proto, host }: Said, peer: string, trusted: TrustedProxies): Forwarded {
  return {
    client: clientOf(chain, peer, trusted),
    headers: { 'x-forwarded-for': chain === undefined ? peer : `${chain}, ${peer}`, 'x-forwarded-proto': proto, 'x-forwarded-host': host },
    disbelieved: undefined,
    plainHost: proto === 'http' ? host : undefined,
  };
}

/** A proxy may append to what the client wrote itself: of the chain, the last that is no proxy of ours was seen by one of them; where all are, the first. */
function clientOf(chain: string | undefined, peer: string, trusted: TrustedProxies): string {
  const hops = (chain ?? '').split(',').map((hop) => plainAddress(hop.trim())).filter((hop) => hop !== '');
  return hops.findLast((hop) => !trusted.has(hop)) ?? hops[0] ?? peer;
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** A server that listens on :: sees IPv4 clients as ::ffff:10.0.0.1. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}
