// Decides what is wrong with the Secrets and which of them to generate: a new credential only where the API server said 404.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { backupLoginName, gatewayLoginName, SECRET_KEYS, VALKEY_APPLICATION_USER, VALKEY_GATEWAY_USER, VALKEY_OPERATOR_USER, VALKEY_PROBE_USER } from '../../api/object-names.js';
import type { ObservedSecret, ObservedSecrets, SecretRole, ValkeyPasswords } from './observed.js';
import { Sensitive } from '../sensitive.js';

/** What the plan needs of cryptography; injected, so that the plan stays pure and its tests repeatable. */
export interface Crypto {
  /** A new random value of at least 32 URL-safe characters. */
  generate(): Sensitive;
  /** SHA-256 in lower-case hex. */
  sha256(value: Sensitive): string;
}

export interface CreateSecret {
  readonly kind: 'create secret';
  readonly role: SecretRole;
  readonly name: string;
  readonly data: ReadonlyMap<string, Sensitive>;
}

export type SecretProblem =
  | { readonly kind: 'unreadable'; readonly name: string; readonly why: string }
  | { readonly kind: 'incomplete'; readonly name: string; readonly missing: readonly string[] }
  | { readonly kind: 'malformed'; readonly name: string; readonly why: string }
  | { readonly kind: 'mismatch'; readonly name: string };

/** The two logins of a database, of which one is in use: `glitchtip` has glitchtip_a and glitchtip_b. */
export function loginNames(database: string): readonly [string, string] {
  return [`${database}_a`, `${database}_b`];
}

/** The Secrets that this resource needs, in the order in which they are made. */
export function secretsNeeded(spec: GlitchTipSpec): readonly SecretRole[] {
  // Valkey's users file is derived from the passwords of the application and of the gateway, never the other way round (it holds hashes).
  return ['application', 'postgres', ...(spec.gateway ? ['gateway'] as const : []), ...(spec.backup ? ['backup'] as const : []), ...(spec.valkey ? ['valkey'] as const : []), 'administrator'];
}

/** Plans the Secrets to create. Pure but for `crypto.generate`. */
export function planSecrets(spec: GlitchTipSpec, secrets: ObservedSecrets, crypto: Crypto): readonly CreateSecret[] {
  const absent = (role: SecretRole) => secrets[role].kind === 'absent';
  const creations = secretsNeeded(spec)
    .filter((role) => role !== 'valkey' && absent(role))
    .map((role) => create(spec, role, generateData(spec, role, crypto)));
  if (!spec.valkey || !absent('valkey')) return creations;

  const dataFor = (role: SecretRole) => creations.find((each) => each.role === role)?.data ?? dataOf(secrets[role]);
  const application = applicationValkeyPassword(dataFor('application'));
  const gateway = spec.gateway && dataFor('gateway')?.get('valkey-password');
  // Without their passwords there is nothing to derive the users file from; the problem is reported by findProblems.
  if (!application || (spec.gateway && !gateway)) return creations;
  return [...creations, create(spec, 'valkey', valkeyData({ application, gateway }, crypto))];
}

/** Everything that is wrong with the Secrets that exist or may exist; absent ones are no problem here, they get created. */
export function findProblems(spec: GlitchTipSpec, secrets: ObservedSecrets, crypto: Crypto): readonly SecretProblem[] {
  const problems = secretsNeeded(spec).flatMap((role) => problemsOf(spec, role, secrets[role]));
  return problems.length > 0 ? problems : valkeyMismatch(spec, secrets, crypto);
}

function problemsOf(spec: GlitchTipSpec, role: SecretRole, secret: ObservedSecret): readonly SecretProblem[] {
  const name = spec.secrets[role];
  if (secret.kind === 'absent') return [];
  if (secret.kind === 'unreadable') return [{ kind: 'unreadable', name, why: secret.why }];

  const missing = SECRET_KEYS[role].filter((key) => !secret.data.has(key) && !secret.undecodable.includes(key));
  if (missing.length > 0) return [{ kind: 'incomplete', name, missing }];
  return malformations(spec, role, secret).map((why) => ({ kind: 'malformed', name, why }));
}

function malformations(spec: GlitchTipSpec, role: SecretRole, secret: ObservedSecret & { kind: 'present' }): readonly string[] {
  const value = (key: string) => secret.data.get(key)?.reveal() ?? '';
  const needed: readonly string[] = SECRET_KEYS[role];
  // A key that nobody asked for may hold what it likes.
  const why = secret.undecodable.filter((key) => needed.includes(key)).map((key) => `${key} is not UTF-8`);
  for (const key of SECRET_KEYS[role].filter((key) => key !== 'users.acl' && secret.data.has(key))) {
    // GlitchTip does not strip what it reads from a file; a newline would become part of the password.
    if (/[\r\n]$/.test(value(key))) why.push(`${key} ends with a newline`);
    if (value(key) === '' && !(key === 'VALKEY_URL' && !spec.valkey)) why.push(`${key} is empty`);
    // SCRAM prepares other characters in ways on which clients differ (RFC 4013).
    if (/password$/i.test(key) && /[^\x20-\x7e\r\n]/.test(value(key))) why.push(`${key} is not printable ASCII`);
  }
  if (role === 'application') why.push(...applicationMalformations(spec, value));
  return why;
}

function applicationMalformations(spec: GlitchTipSpec, value: (key: string) => string): readonly string[] {
  const why: string[] = [];
  const logins = loginNames(spec.database.name);
  if (!logins.includes(value('DATABASE_USER'))) why.push(`DATABASE_USER is neither ${logins.join(' nor ')}`);
  if (spec.valkey) why.push(...urlMalformations(value('VALKEY_URL')));
  return why;
}

/** Of another user nobody would change the password: the operator's users file has none. */
function urlMalformations(url: string): readonly string[] {
  if (passwordOfUrl(new Sensitive(url)) === undefined) return ['VALKEY_URL is not redis://:PASSWORD@HOST:PORT/0'];
  const user = VALKEY_URL.exec(url)?.[2] ?? '';
  return user === '' || user === VALKEY_APPLICATION_USER ? [] : [`VALKEY_URL names a user, and the application's is ${VALKEY_APPLICATION_USER}`];
}

function valkeyMismatch(spec: GlitchTipSpec, secrets: ObservedSecrets, crypto: Crypto): readonly SecretProblem[] {
  const password = applicationValkeyPassword(dataOf(secrets.application));
  const acl = dataOf(secrets.valkey)?.get('users.acl');
  if (!spec.valkey || !password || !acl) return [];
  const application = acl.reveal().split('\n').find((line) => line.startsWith(`user ${VALKEY_APPLICATION_USER} `));
  return application?.includes(`#${crypto.sha256(password)}`) ? [] : [{ kind: 'mismatch', name: spec.secrets.valkey }];
}

function create(spec: GlitchTipSpec, role: SecretRole, data: ReadonlyMap<string, Sensitive>): CreateSecret {
  return { kind: 'create secret', role, name: spec.secrets[role], data };
}

function generateData(spec: GlitchTipSpec, role: SecretRole, crypto: Crypto): ReadonlyMap<string, Sensitive> {
  switch (role) {
    case 'application':
      return new Map([
        ['SECRET_KEY', crypto.generate()],
        ['DATABASE_USER', new Sensitive(loginNames(spec.database.name)[0])],
        ['DATABASE_PASSWORD', crypto.generate()],
        ['VALKEY_URL', valkeyUrl(spec, crypto)],
      ]);
    case 'administrator':
      return new Map([['email', new Sensitive(spec.administrator.email)], ['password', crypto.generate()]]);
    case 'postgres':
      return new Map([['password', crypto.generate()]]);
    case 'gateway':
    case 'backup':
      return new Map(SECRET_KEYS[role].map((key) => [key, crypto.generate()]));
    case 'valkey':
      return valkeyData({ application: crypto.generate(), gateway: undefined }, crypto);
  }
}

/** Where the application finds Valkey, with a new password. */
function valkeyUrl(spec: GlitchTipSpec, crypto: Pick<Crypto, 'generate'>): Sensitive {
  // GlitchTip takes an empty VALKEY_URL as "Postgres does queue, cache and sessions".
  if (!spec.valkey) return new Sensitive('');
  return new Sensitive(`redis://:${crypto.generate().reveal()}@${spec.valkey.host}:${spec.valkey.port}/0`);
}

/** The same URL with a new password: TLS, host, port, database number and options are not the operator's to change. */
export function withNewPassword(url: Sensitive, crypto: Pick<Crypto, 'generate'>): Sensitive {
  return new Sensitive(url.reveal().replace(VALKEY_URL, (...[, before = '', , , after = '']: string[]) => `${before}${crypto.generate().reveal()}${after}`));
}

/** A new operator's password, and the users file that goes with it. */
function valkeyData({ application, gateway }: { readonly application: Sensitive; readonly gateway: Sensitive | undefined }, crypto: Crypto): ReadonlyMap<string, Sensitive> {
  const own = crypto.generate();
  const file = buildUsersFile({ application: [crypto.sha256(application)], operator: [crypto.sha256(own)], gateway: gateway && [crypto.sha256(gateway)] });
  return new Map([['users.acl', file], ['password', own]]);
}

/** The gateway asks how long the queues are, and may neither read nor write what is in them. */
export const GATEWAY_RULES: readonly string[] = ['~*', 'resetchannels', '-@all', '+ping', '+llen', '+hlen'];

/** Valkey's users file: hashes only, so that the file that the server starts with gives nothing away. */
export function buildUsersFile({ application, operator, gateway }: ValkeyPasswords): Sensitive {
  const passwords = (hashes: readonly string[]) => hashes.map((hash) => `#${hash}`).join(' ');
  const lines = [
    // Celery, kombu and django-valkey use no @admin command; without them the application cannot change users or stop the server.
    `user ${VALKEY_APPLICATION_USER} on ${passwords(application)} ~* &* +@all -@admin`,
    `user ${VALKEY_OPERATOR_USER} on ${passwords(operator)} ~* &* +@all`,
    ...(gateway ? [`user ${VALKEY_GATEWAY_USER} on ${passwords(gateway)} ${GATEWAY_RULES.join(' ')}`] : []),
    `user ${VALKEY_PROBE_USER} on nopass resetkeys resetchannels -@all +ping`,
  ];
  return new Sensitive(`${lines.join('\n')}\n`);
}

/** The value of a key of a Secret that exists; undefined when the Secret or the key does not. */
export function valueOf(secret: ObservedSecret, key: string): Sensitive | undefined {
  return dataOf(secret)?.get(key);
}

/** The login that the application uses; undefined when its Secret does not say. */
export function applicationLogin(secret: ObservedSecret): { readonly user: string; readonly password: Sensitive } | undefined {
  const user = valueOf(secret, 'DATABASE_USER')?.reveal();
  const password = valueOf(secret, 'DATABASE_PASSWORD');
  return user && password ? { user, password } : undefined;
}

/** The settings have none, and its Secret was deleted: nothing of it may log in any more. */
export function isGatewayGone(spec: Pick<GlitchTipSpec, 'gateway'>, { gateway }: Pick<ObservedSecrets, 'gateway'>): boolean {
  return spec.gateway === undefined && gateway.kind === 'absent';
}

/** The gateway's login; undefined when there is none, or its Secret does not say. */
export function gatewayLogin(spec: GlitchTipSpec, secret: ObservedSecret): { readonly user: string; readonly password: Sensitive } | undefined {
  const password = spec.gateway && valueOf(secret, 'database-password');
  return password && { user: gatewayLoginName(spec.database.name), password };
}

/** The login that dumps; undefined when there is none, or its Secret does not say. */
export function backupLogin(spec: GlitchTipSpec, secret: ObservedSecret): { readonly user: string; readonly password: Sensitive } | undefined {
  const password = spec.backup && valueOf(secret, 'database-password');
  return password && { user: backupLoginName(spec.database.name), password };
}

function dataOf(secret: ObservedSecret): ReadonlyMap<string, Sensitive> | undefined {
  return secret.kind === 'present' ? secret.data : undefined;
}

function applicationValkeyPassword(data: ReadonlyMap<string, Sensitive> | undefined): Sensitive | undefined {
  const url = data?.get('VALKEY_URL');
  return url && passwordOfUrl(url);
}

/** What is before the password, and in that the user; the password; what is behind it. */
const VALKEY_URL = /^(rediss?:\/\/([^:@/]*):)([^@/]+)(@.*)$/s;

/** The password in a URL as redis://:PASSWORD@HOST:PORT/0, as a client reads it; undefined when there is none. */
export function passwordOfUrl(url: Sensitive): Sensitive | undefined {
  const encoded = VALKEY_URL.exec(url.reveal())?.[3];
  if (encoded === undefined) return undefined;
  try {
    // As clients do: a password with an @ can only be written percent-encoded.
    return new Sensitive(decodeURIComponent(encoded));
  } catch {
    return undefined;
  }
}
