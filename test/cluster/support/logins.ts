// Logins as they were, tried again later: after a rotation none of them may be let in.
import { SECRETS } from '../../../charts/part-names.js';
import { POSTGRES_SUPERUSER, VALKEY_APPLICATION_USER, VALKEY_OPERATOR_USER } from '../../../operator/api/object-names.js';
import type { Stack } from './stack.js';

interface Login {
  readonly server: 'postgres' | 'valkey';
  readonly user: string;
  readonly password: string;
}

export type Logins = readonly Login[];

/** Every login to the servers that the Secrets hold. */
export async function readLogins(stack: Stack): Promise<Logins> {
  const inPostgres: Logins = [
    { server: 'postgres', user: await stack.secret(SECRETS.application, 'DATABASE_USER'), password: await stack.secret(SECRETS.application, 'DATABASE_PASSWORD') },
    { server: 'postgres', user: POSTGRES_SUPERUSER, password: await stack.secret(SECRETS.postgres, 'password') },
  ];
  if (!stack.parts.includes('valkey')) return inPostgres;
  const url = new URL(await stack.secret(SECRETS.application, 'VALKEY_URL'));
  return [
    ...inPostgres,
    { server: 'valkey', user: VALKEY_APPLICATION_USER, password: url.password },
    { server: 'valkey', user: VALKEY_OPERATOR_USER, password: await stack.secret(SECRETS.valkey, 'password') },
  ];
}

/** The same as they will be, out of the journal of the rotation that is under way. */
export async function nextLogins(stack: Stack): Promise<Logins> {
  const next = (name: string) => stack.secret(SECRETS.rotation, `next.${name}`);
  return [
    { server: 'postgres', user: await next('DATABASE_USER'), password: await next('DATABASE_PASSWORD') },
    { server: 'postgres', user: POSTGRES_SUPERUSER, password: await next('operator-postgres-password') },
    { server: 'valkey', user: VALKEY_APPLICATION_USER, password: new URL(await next('VALKEY_URL')).password },
    { server: 'valkey', user: VALKEY_OPERATOR_USER, password: await next('operator-valkey-password') },
  ];
}

/** Those that are let in, by server and user. First it makes sure that today's logins are, so that a refusal means something. */
export async function stillAccepted(stack: Stack, logins: Logins): Promise<string[]> {
  const today = await acceptedLogins(stack, await readLogins(stack));
  if (today.length !== logins.length) throw new Error(`of today's logins only ${today.join(', ')} are let in`);
  return acceptedLogins(stack, logins);
}

/** Of these, those that are let in. */
export async function acceptedLogins(stack: Stack, logins: Logins): Promise<string[]> {
  const answers = await Promise.all(logins.map(async (login) => ((await tryLogin(stack, login)) ? [`${login.server} ${login.user}`] : [])));
  return answers.flat();
}

/** Passwords go through standard input: an argument could be read by anybody. */
async function tryLogin(stack: Stack, { server, user, password }: Login): Promise<boolean> {
  if (server === 'valkey') return (await stack.exec('valkey', ['valkey-cli'], `AUTH ${user} ${password}\n`)).startsWith('OK');
  // Over TCP, where a password is asked for; the socket lets the image's user in without one. From a file: the leak test reads environments.
  const script = `umask 077; file=$(mktemp); trap 'rm "$file"' EXIT; cat > "$file"; PGPASSFILE="$file" psql -w -h 127.0.0.1 -U ${user} -d glitchtip -Atc 'SELECT 1'`;
  return stack.exec('postgres', ['sh', '-c', script], `127.0.0.1:*:*:${user}:${password}\n`).then((answer) => answer.trim() === '1', () => false);
}
