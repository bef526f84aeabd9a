// The gateway's configuration by environment variables; what is secret is in files, which are read anew for each connection.
import { hostname } from 'node:os';
import { parseQuantity } from '../operator/core/quantity.js';
import type { IngestLimits } from './core/ingest-limits.js';
import type { Rate } from './core/token-bucket.js';

export interface GatewayConfig {
  /** Its folder on the volume. POD_NAME, else the host's name. */
  readonly name: string;
  /** Folder of the volume. SPOOL_DIR (/spool). */
  readonly spool: string;
  /** Live bytes of the spool at most. SPOOL_SIZE (1Gi). */
  readonly spoolBytes: number;
  /** For people and SDKs. PORT (8080). */
  readonly port: number;
  /** For the kubelet, the operator, Prometheus and the CLI; never the same. CONTROL_PORT (9465). */
  readonly controlPort: number;
  /** GlitchTip's release line, such as 5.2. RELEASE. */
  readonly release: string;
  /** GlitchTip's own web. UPSTREAM (web-backend:8080). */
  readonly upstream: Address;
  /** DATABASE (postgres:5432/glitchtip). */
  readonly database: Address & { readonly name: string };
  /** VALKEY (none: GlitchTip has none). */
  readonly valkey: Address | undefined;
  /** Folder with database-password, valkey-password and control-token. CREDENTIALS_DIR (/run/credentials). */
  readonly credentials: string;
  /** Networks whose X-Forwarded-* are believed, separated by commas. TRUSTED_PROXIES (none). */
  readonly trustedProxies: readonly string[];
  /** PROJECT_EVENTS_PER_SECOND (1000), PROJECT_BYTES_PER_SECOND (4Mi), EVENTS_PER_SECOND (2000), BYTES_PER_SECOND (8Mi); a minute of each may come at once. */
  readonly limits: IngestLimits;
  /** Streamed spans become transactions. SPANS_TO_TRANSACTIONS (true). */
  readonly spansToTransactions: boolean;
  /** GlitchTip keeps logs. LOGS (false). */
  readonly logs: boolean;
  /** Events by plain http through a proxy are taken until then, milliseconds of Unix time. PLAIN_EVENTS_UNTIL (none come that way), such as 2027-03-01T00:00:00Z. */
  readonly plainUntil: number | undefined;
  /** pino's levels. LOG_LEVEL (info). */
  readonly logLevel: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Everything that has a default. */
const DEFAULTS = {
  SPOOL_DIR: '/spool', SPOOL_SIZE: '1Gi', PORT: '8080', CONTROL_PORT: '9465', UPSTREAM: 'web-backend:8080', DATABASE: 'postgres:5432/glitchtip',
  VALKEY: '', CREDENTIALS_DIR: '/run/credentials', TRUSTED_PROXIES: '', SPANS_TO_TRANSACTIONS: 'true', LOGS: 'false',
  PROJECT_EVENTS_PER_SECOND: '1000', PROJECT_BYTES_PER_SECOND: '4Mi', EVENTS_PER_SECOND: '2000', BYTES_PER_SECOND: '8Mi', PLAIN_EVENTS_UNTIL: '', LOG_LEVEL: 'info',
};

/** @throws RangeError naming the variable, what was expected and what was found */
export function readGatewayConfig(env: NodeJS.ProcessEnv): GatewayConfig {
  const set: typeof DEFAULTS & Readonly<Record<string, string | undefined>> = { ...DEFAULTS, ...env };
  const { rest, ...database } = address('DATABASE', set.DATABASE);
  const [port, controlPort] = [number('PORT', set.PORT), number('CONTROL_PORT', set.CONTROL_PORT)];
  if (port === controlPort && port !== 0) throw new RangeError(`CONTROL_PORT: expected another port than PORT, for what it does is not for everybody, found ${port}`);
  return {
    name: set['POD_NAME'] ?? hostname(),
    spool: set.SPOOL_DIR,
    spoolBytes: bytes('SPOOL_SIZE', set.SPOOL_SIZE),
    port, controlPort,
    release: required('RELEASE', set['RELEASE']),
    upstream: address('UPSTREAM', set.UPSTREAM),
    database: { ...database, name: rest },
    valkey: set.VALKEY === '' ? undefined : address('VALKEY', set.VALKEY),
    credentials: set.CREDENTIALS_DIR,
    trustedProxies: set.TRUSTED_PROXIES.split(',').map((network) => network.trim()).filter((network) => network !== ''),
    limits: {
      perProject: { events: rate('PROJECT_EVENTS_PER_SECOND', set.PROJECT_EVENTS_PER_SECOND), bytes: rate('PROJECT_BYTES_PER_SECOND', set.PROJECT_BYTES_PER_SECOND) },
      total: { events: rate('EVENTS_PER_SECOND', set.EVENTS_PER_SECOND), bytes: rate('BYTES_PER_SECOND', set.BYTES_PER_SECOND) },
    },
    spansToTransactions: flag('SPANS_TO_TRANSACTIONS', set.SPANS_TO_TRANSACTIONS),
    logs: flag('LOGS', set.LOGS),
    plainUntil: set.PLAIN_EVENTS_UNTIL === '' ? undefined : moment('PLAIN_EVENTS_UNTIL', set.PLAIN_EVENTS_UNTIL),
    logLevel: set.LOG_LEVEL,
  };
}

function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new RangeError(`${name}: expected a value, found nothing`);
  return value;
}

function bytes(name: string, text: string): number {
  const amount = parseQuantity(text);
  if (amount === undefined || amount <= 0) throw new RangeError(`${name}: expected a quantity such as 1Gi, found ${text}`);
  return amount;
}

/** Seconds of a rate that may come at once. */
const BURST = 60;

function rate(name: string, text: string): Rate {
  const perSecond = bytes(name, text);
  return { rate: perSecond, burst: BURST * perSecond };
}

function flag(name: string, text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new RangeError(`${name}: expected true or false, found ${text}`);
  return text === 'true';
}

function moment(name: string, text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new RangeError(`${name}: expected an instant such as 2027-03-01T00:00:00Z, found ${text}`);
  return at;
}

function number(name: string, text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`${name}: expected a port from 0 to 65535, found ${text}`);
  return port;
}

function address(name: string, text: string): Address & { readonly rest: string } {
  const [, host, port, rest = ''] = /^([^:/]+):(\d+)(?:\/(.+))?$/.exec(text) ?? [];
  if (host === undefined || port === undefined) throw new RangeError(`${name}: expected HOST:PORT, found ${text}`);
  return { host, port: number(name, port), rest };
}
