// Talks to Valkey as the operator's user: whose passwords it has, and who is connected.
import { Redis } from 'iovalkey';

import { VALKEY_APPLICATION_USER, VALKEY_GATEWAY_USER, VALKEY_OPERATOR_USER } from '../../api/object-names.js';
import type { ValkeyAddress } from '../../controllers/ports.js';
import { GATEWAY_RULES } from '../../core/credentials/generated-secrets.js';
import type { ObservedValkey, ValkeyPasswords } from '../../core/credentials/observed.js';
import type { Sensitive } from '../../core/sensitive.js';
import { messageOf } from '../../core/error-message.js';
import { onAbort } from '../../runtime/deadline.js';

/** Milliseconds. */
const TIMEOUT = 5_000;
/** Django's cached sessions: prefix and version of its cache key, then the session engine's own. */
const SESSION_KEYS = ':1:django.contrib.sessions.cache*';
const SCAN_COUNT = 500;
/** The SHA-256 of no password that anybody knows. */
const NOT_SAVED = '0'.repeat(64);

/** Tries the operator's passwords in turn. Expected failures are results; what is unexpected is thrown. */
export async function observeValkey(address: ValkeyAddress, passwords: readonly Sensitive[], signal: AbortSignal): Promise<ObservedValkey> {
  try {
    const observed = await asOperator(address, passwords, readPasswords, signal);
    return observed ? { kind: 'observed', passwords: observed } : { kind: 'refused' };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unreachable', why: messageOf(error) };
  }
}

/** Logs in as the application does. */
export async function tryValkeyPassword(address: ValkeyAddress, password: Sensitive, signal: AbortSignal): Promise<'accepted' | 'refused' | 'unreachable'> {
  try {
    return (await withClient(address, { user: VALKEY_APPLICATION_USER, password }, (client) => client.ping(), signal)) === undefined ? 'refused' : 'accepted';
  } catch {
    signal.throwIfAborted();
    return 'unreachable';
  }
}

/**
 * The users have exactly these passwords from now on, and after a restart. Connections that are open stay.
 *
 * Whoever looks sees memory alone. So a mark keeps the operator's user from having what is wanted until the file is written: cut
 * anywhere before, or on a full disk, all of it is done again. A cut before the second save leaves the mark in the file, where it lets nobody in.
 */
export async function setValkeyPasswords(address: ValkeyAddress, passwords: readonly Sensitive[], wanted: ValkeyPasswords, signal: AbortSignal): Promise<void> {
  await mustEnter(address, passwords, async (client) => {
    await setPasswordsOf(client, VALKEY_OPERATOR_USER, [...wanted.operator, NOT_SAVED]);
    await setPasswordsOf(client, VALKEY_APPLICATION_USER, wanted.application);
    await setGatewayUser(client, wanted.gateway);
    await client.call('ACL', 'SAVE');
    await setPasswordsOf(client, VALKEY_OPERATOR_USER, wanted.operator);
    await client.call('ACL', 'SAVE');
  }, signal);
}

/** In one command: at no moment does a user have none. */
async function setPasswordsOf(client: Redis, user: string, hashes: readonly string[]): Promise<void> {
  await client.call('ACL', 'SETUSER', user, 'resetpass', ...hashes.map((hash) => `#${hash}`));
}

/** The user of a part that may be there or not: made with its rights, or taken away. */
async function setGatewayUser(client: Redis, hashes: readonly string[] = []): Promise<void> {
  if (hashes.length === 0) await client.call('ACL', 'DELUSER', VALKEY_GATEWAY_USER);
  else await client.call('ACL', 'SETUSER', VALKEY_GATEWAY_USER, 'reset', 'on', ...GATEWAY_RULES, ...hashes.map((hash) => `#${hash}`));
}

/** Deletes every session that Django keeps here. */
export async function endValkeySessions(address: ValkeyAddress, passwords: readonly Sensitive[], signal: AbortSignal): Promise<void> {
  await mustEnter(address, passwords, async (client) => {
    let cursor = '0';
    do {
      const [next, keys] = await client.scan(cursor, 'MATCH', SESSION_KEYS, 'COUNT', SCAN_COUNT);
      if (keys.length > 0) await client.unlink(...keys);
      cursor = next;
    } while (cursor !== '0');
  }, signal);
}

/** Ends the application's connections that come from none of these addresses: they outlive the password that they were made with. */
export async function endForeignConnections(address: ValkeyAddress, passwords: readonly Sensitive[], pods: readonly string[], signal: AbortSignal): Promise<void> {
  await mustEnter(address, passwords, async (client) => {
    const list = String(await client.call('CLIENT', 'LIST'));
    const connections = list.split('\n').map((line) => Object.fromEntries(line.trim().split(' ').map((field) => field.split(/=(.*)/s).slice(0, 2))) as Record<string, string>);
    const foreign = connections.filter(({ user, addr = '' }) => (user === VALKEY_APPLICATION_USER || user === VALKEY_GATEWAY_USER) && !pods.includes(addr.slice(0, addr.lastIndexOf(':'))));
    for (const { id } of foreign) if (id !== undefined) await client.call('CLIENT', 'KILL', 'ID', id);
  }, signal);
}

async function readPasswords(client: Redis): Promise<ValkeyPasswords> {
  const gateway = await passwordsOf(client, VALKEY_GATEWAY_USER);
  return { application: await passwordsOf(client, VALKEY_APPLICATION_USER), operator: await passwordsOf(client, VALKEY_OPERATOR_USER), ...(gateway.length > 0 ? { gateway } : {}) };
}

/** ACL GETUSER answers a list of names and values; hashes are its passwords. */
async function passwordsOf(client: Redis, user: string): Promise<readonly string[]> {
  const answer = (await client.call('ACL', 'GETUSER', user)) as unknown[] | null;
  const hashes = answer?.[answer.indexOf('passwords') + 1];
  return Array.isArray(hashes) ? hashes.map(String).sort() : [];
}

async function mustEnter<T>(address: ValkeyAddress, passwords: readonly Sensitive[], use: (client: Redis) => Promise<T>, signal: AbortSignal): Promise<T> {
  const result = await asOperator(address, passwords, async (client) => ({ value: await use(client) }), signal);
  if (!result) throw new Error("Valkey refuses the operator's password");
  return result.value;
}

/** Undefined when every password is refused. */
export async function asOperator<T extends object>(address: ValkeyAddress, passwords: readonly Sensitive[], use: (client: Redis) => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  for (const password of passwords) {
    const result = await withClient(address, { user: VALKEY_OPERATOR_USER, password }, use, signal);
    if (result !== undefined) return result;
  }
  return undefined;
}

interface ValkeyLogin {
  readonly user: string;
  readonly password: Sensitive;
}

/** Undefined when the server refuses the login. @throws the signal's reason once it is aborted: no further command is sent */
async function withClient<T>({ host, port }: ValkeyAddress, { user, password }: ValkeyLogin, use: (client: Redis) => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  signal.throwIfAborted();
  const client = new Redis({ host, port, lazyConnect: true, connectTimeout: TIMEOUT, commandTimeout: TIMEOUT, retryStrategy: () => null, maxRetriesPerRequest: 0, enableReadyCheck: false });
  // The command that was under way says only that the connection is closed; why is said here, and would be printed without a listener.
  let broken: string | undefined;
  client.on('error', (error: NodeJS.ErrnoException) => {
    broken = error.code;
  });
  const release = onAbort(signal, () => client.disconnect());
  const attempt = async (): Promise<T> => {
    await client.connect();
    await client.call('AUTH', user, password.reveal());
    return use(client);
  };
  const outcome = await attempt().then((value) => ({ value }), (error: unknown) => ({ message: messageOf(error) }));
  release();
  // One that is closed already would wait 2 s for its end.
  if (client.status !== 'end') client.disconnect();
  if ('value' in outcome) return outcome.value;
  signal.throwIfAborted();
  if (outcome.message.startsWith('WRONGPASS')) return undefined;
  // The library's own error carries the command with its arguments, and the argument of AUTH is a password.
  throw Object.assign(new Error(outcome.message), broken === undefined ? {} : { code: broken });
}
