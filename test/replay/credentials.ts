// What is published, and whether what was published before is let in anywhere.
import { DEFAULT_SECRET_NAMES, VALKEY_GATEWAY_USER, backupLoginName, gatewayLoginName } from '../../operator/api/object-names.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import { verifyDjangoPassword } from '../../operator/io/django-password.js';
import type { Stage, StoredSecret } from '../api/operator-stage.js';
import type { Replay } from './replay.js';
import { hasSaved } from './valkey-users-file.js';

export const GATEWAY_LOGIN = gatewayLoginName('glitchtip');
export const BACKUP_LOGIN = backupLoginName('glitchtip');

/** Every published value that a rotation may replace. */
export interface Credentials {
  readonly key: string;
  readonly user: string;
  readonly password: string;
  readonly valkey: string;
  readonly superuser: string;
  readonly operator: string;
  readonly administrator: string;
  readonly gatewayPostgres: string;
  readonly gatewayValkey: string;
  readonly gatewayToken: string;
  readonly backup: string;
}

export async function readCredentials(stage: Stage): Promise<Credentials> {
  const secrets = await stage.secrets();
  const { application, postgres, valkey, administrator, gateway, backup } = DEFAULT_SECRET_NAMES;
  const app = (key: string) => read(secrets, application, key);
  return {
    key: app('SECRET_KEY'), user: app('DATABASE_USER'), password: app('DATABASE_PASSWORD'), valkey: new URL(app('VALKEY_URL')).password,
    superuser: read(secrets, postgres, 'password'), operator: read(secrets, valkey, 'password'), administrator: read(secrets, administrator, 'password'),
    gatewayPostgres: read(secrets, gateway, 'database-password'), gatewayValkey: read(secrets, gateway, 'valkey-password'), gatewayToken: read(secrets, gateway, 'control-token'),
    backup: read(secrets, backup, 'database-password'),
  };
}

function read(secrets: Readonly<Record<string, StoredSecret>>, name: string, key: string): string {
  const value = secrets[name]?.values[key];
  if (value === undefined) throw new Error(`Secret ${name} has no ${key}`);
  return value;
}

/** Names of the old values that were replaced and are still let in. */
export async function stillAlive(replay: Replay, old: Credentials, now: Credentials): Promise<readonly string[]> {
  const { stage } = replay;
  const [saved, hash] = await Promise.all([stage.valkey.savedUsers(), replay.administratorHash()]);
  const letsIn = (user: string, password: string, database: string) => stage.postgres.query({ user, password, database }, 'SELECT 1').then(() => true, () => false);
  const letsInValkey = async (user: string, password: string) => hasSaved(saved, user, password) || stage.valkey.accepts(user, password);
  const tries: readonly (readonly [keyof Credentials, () => Promise<boolean>])[] = [
    ['password', () => letsIn(old.user, old.password, 'glitchtip')],
    ['superuser', () => letsIn('glitchkeeper', old.superuser, 'postgres')],
    ['valkey', () => letsInValkey('default', old.valkey)],
    ['operator', () => letsInValkey('glitchkeeper', old.operator)],
    ['gatewayPostgres', () => letsIn(GATEWAY_LOGIN, old.gatewayPostgres, 'glitchtip')],
    ['gatewayValkey', () => letsInValkey(VALKEY_GATEWAY_USER, old.gatewayValkey)],
    ['backup', () => letsIn(BACKUP_LOGIN, old.backup, 'glitchtip')],
    ['administrator', () => verifyDjangoPassword(new Sensitive(old.administrator), hash)],
  ];
  const replaced = tries.filter(([name]) => old[name] !== now[name]);
  const alive = await Promise.all(replaced.map(async ([name, tryIt]) => ((await tryIt()) ? [name] : [])));
  return alive.flat();
}
