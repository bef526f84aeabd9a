// A cluster and a Postgres in memory, and a crypto that counts: what a plan is replayed against.
import { createHash } from 'node:crypto';

import { parseSpec, type GlitchTipSpec } from '../../../../../operator/api/glitchtip-resource.js';
import type { Observed, ObservedRole, ObservedSecret, ObservedSecrets, PostgresState, SecretRole } from '../../../../../operator/core/credentials/observed.js';
import type { Action } from '../../../../../operator/core/credentials/credentials-plan.js';
import { planDatabase } from '../../../../../operator/core/credentials/postgres-roles.js';
import { type DatabaseChange } from '../../../../../operator/core/credentials/database-changes.js';
import type { Crypto } from '../../../../../operator/core/credentials/generated-secrets.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';

export const AT = { now: new Date('2026-01-02T03:04:05.678Z'), generation: 3 };

export function specOf(fields: object = {}): GlitchTipSpec {
  const parsed = parseSpec({ version: '5.2', valkey: {}, ...fields });
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join());
  return parsed.spec;
}

/** Every value that it ever gave out begins with `canary`, and none is given out twice. */
export class CountingCrypto implements Crypto {
  given = 0;

  generate(): Sensitive {
    this.given += 1;
    return new Sensitive(`canary${String(this.given).padStart(42, '0')}`);
  }

  sha256(value: Sensitive): string {
    return createHash('sha256').update(value.reveal()).digest('hex');
  }
}

export function present(data: Readonly<Record<string, string>>, undecodable: readonly string[] = []): ObservedSecret {
  return { kind: 'present', data: new Map(Object.entries(data).map(([key, value]) => [key, new Sensitive(value)])), undecodable };
}

/** No Valkey to look at, and no rotation. */
export const QUIET = { valkey: { kind: 'none' }, journal: { kind: 'absent' } } as const;

export const ABSENT: ObservedSecrets = { application: { kind: 'absent' }, postgres: { kind: 'absent' }, valkey: { kind: 'absent' }, administrator: { kind: 'absent' }, gateway: { kind: 'absent' }, backup: { kind: 'absent' } };

/** What an action can change; `observe` looks at it as the controller does. */
export class World {
  readonly secrets = new Map<SecretRole, ReadonlyMap<string, Sensitive>>();
  readonly roles = new Map<string, ObservedRole>();
  database: PostgresState['database'] = { kind: 'absent' };

  observe(): Observed {
    const read = (role: SecretRole): ObservedSecret => {
      const data = this.secrets.get(role);
      return data ? { kind: 'present', data, undecodable: [], createdAt: '2026-01-01T00:00:00Z' } : { kind: 'absent' };
    };
    const secrets = { application: read('application'), postgres: read('postgres'), valkey: read('valkey'), administrator: read('administrator'), gateway: read('gateway'), backup: read('backup') };
    if (secrets.postgres.kind === 'absent') return { ...QUIET, secrets, postgres: { kind: 'not observed' } };
    const login = this.roles.get(this.secrets.get('application')?.get('DATABASE_USER')?.reveal() ?? '');
    const accepted = this.database.kind === 'present' && login?.canLogin === true && login.hasVerifier;
    return { ...QUIET, secrets, postgres: { kind: 'observed', via: 'published', state: this.state(), login: accepted ? { kind: 'accepted', actsAs: login.actsAs ?? login.name } : { kind: 'not tried' } } };
  }

  state(): PostgresState {
    return { roles: [...this.roles.values()], database: this.database };
  }

  /** Takes an action; of a database action only the first `steps` changes, as if it was cut there. */
  apply(action: Action, steps = Infinity): void {
    if (action.kind === 'change database') {
      planDatabase(this.state(), action.wanted).slice(0, steps).forEach((change) => this.change(change));
      return;
    }
    if (action.kind !== 'create secret') throw new Error(`${action.kind} is no part of the bootstrap`);
    // As the API server: creating what exists is refused, and never overwrites.
    if (!this.secrets.has(action.role)) this.secrets.set(action.role, action.data);
  }

  change(change: DatabaseChange): void {
    if (change.kind === 'allow reading' && this.database.kind === 'present') this.database = { ...this.database, gatewayTables: { absent: [], closed: [] } };
    if (change.kind === 'allow connecting' && this.database.kind === 'present') this.database = { ...this.database, backupCanConnect: true };
    if ('role' in change) this.roles.set(change.role, changedRole(this.roles.get(change.role), change));
    else this.database = changedDatabase(this.database, change);
  }

  copy(): World {
    const copy = new World();
    for (const [role, data] of this.secrets) copy.secrets.set(role, data);
    for (const [name, role] of this.roles) copy.roles.set(name, role);
    copy.database = this.database;
    return copy;
  }
}

function changedRole(before: ObservedRole | undefined, change: Extract<DatabaseChange, { role: string }>): ObservedRole {
  const role = before ?? { name: change.role, canLogin: false, hasVerifier: false, memberOf: [], attributes: [], bootstrap: false, sessions: 0 };
  switch (change.kind) {
    case 'set password': return { ...role, canLogin: true, hasVerifier: true };
    case 'allow login': return { ...role, canLogin: true };
    case 'keep errors out of log': return { ...role, isLogged: false };
    case 'close login': return { ...role, canLogin: false, hasVerifier: false };
    case 'close owner': return { ...role, canLogin: false, hasVerifier: false, attributes: [] };
    case 'grant membership': return { ...role, memberOf: [...role.memberOf, change.owner] };
    case 'act as owner': return { ...role, actsAs: change.owner };
    default: return role;
  }
}

function changedDatabase(before: PostgresState['database'], change: DatabaseChange): PostgresState['database'] {
  if (change.kind === 'create database') return { kind: 'present', owner: change.owner, publicCanConnect: true, publicCanCreateInSchema: true, backupCanConnect: false };
  if (before.kind === 'absent') throw new Error(`${change.kind} before there is a database`);
  if (change.kind === 'own database') return { ...before, owner: change.owner };
  if (change.kind === 'adopt objects') return { ...before, foreign: before.foreign?.filter(({ owner }) => owner !== change.from) };
  return change.kind === 'close database' ? { ...before, publicCanConnect: false } : { ...before, publicCanCreateInSchema: false };
}
