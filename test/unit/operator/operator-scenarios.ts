// Builds what the operator observes, sound unless said otherwise, for the tables of its plan.
import { parseSpec, type GlitchTipSpec } from '../../../operator/api/glitchtip-resource.js';
import type { Observed, ObservedPostgres, ObservedRole, ObservedSecret, ObservedSecrets, PostgresState } from '../../../operator/core/credentials/observed.js';
import { plan, type Plan } from '../../../operator/core/credentials/credentials-plan.js';
import type { Crypto } from '../../../operator/core/credentials/generated-secrets.js';
import type { ObservedJournal } from '../../../operator/core/rotation/journal.js';
import { Sensitive } from '../../../operator/core/sensitive.js';
import type { GlitchTipStatus } from '../../../operator/api/glitchtip-resource.js';

export const NOW = new Date('2026-01-02T03:04:05.678Z');

/** Values are counted, hashes are the value in brackets: a test can see which value went where. */
export function countingCrypto(): Crypto {
  let count = 0;
  return { generate: () => new Sensitive(`value-${(count += 1)}`), sha256: (value) => `(${value.reveal()})` };
}

export function specOf(input: object = {}): GlitchTipSpec {
  const parsed = parseSpec({ version: '5.2', valkey: {}, ...input });
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join());
  return parsed.spec;
}

export function present(data: Record<string, string>, undecodable: string[] = []): ObservedSecret {
  const values = Object.entries(data).map(([key, value]) => [key, new Sensitive(value)] as const);
  return { kind: 'present', data: new Map(values), undecodable, createdAt: '2026-01-01T00:00:00Z' };
}

export const ABSENT: ObservedSecret = { kind: 'absent' };
export const UNREADABLE: ObservedSecret = { kind: 'unreadable', why: '403 Forbidden' };

export const APPLICATION = { SECRET_KEY: 'key', DATABASE_USER: 'glitchtip_a', DATABASE_PASSWORD: 'pw', VALKEY_URL: 'redis://:vpw@valkey:6379/0' };

export function secretsOf(changes: Partial<ObservedSecrets> = {}): ObservedSecrets {
  return {
    application: present(APPLICATION),
    postgres: present({ password: 'super' }),
    valkey: present({ 'users.acl': 'user default on #(vpw) ~* &* +@all -@admin\n', password: 'own' }),
    administrator: present({ email: 'admin@example.com', password: 'admin' }),
    gateway: ABSENT,
    backup: ABSENT,
    ...changes,
  };
}

export function roleOf(name: string, changes: Partial<ObservedRole> = {}): ObservedRole {
  return { name, canLogin: false, hasVerifier: false, memberOf: ['glitchtip'], actsAs: 'glitchtip', attributes: [], bootstrap: false, sessions: 0, ...changes };
}

export function stateOf(changes: Partial<PostgresState> = {}): PostgresState {
  return {
    roles: [
      roleOf('glitchtip', { memberOf: [], actsAs: undefined }),
      roleOf('glitchtip_a', { canLogin: true, hasVerifier: true }),
      roleOf('glitchtip_b'),
    ],
    database: { kind: 'present', owner: 'glitchtip', publicCanConnect: false, publicCanCreateInSchema: false, backupCanConnect: true },
    ...changes,
  };
}

export function postgresOf(state: PostgresState = stateOf()): ObservedPostgres & { readonly kind: 'observed' } {
  return { kind: 'observed', state, login: { kind: 'accepted', actsAs: 'glitchtip' }, via: 'published' };
}

export interface Scenario {
  readonly spec?: object;
  readonly secrets?: Partial<ObservedSecrets>;
  readonly postgres?: ObservedPostgres;
  readonly previous?: GlitchTipStatus;
  readonly journal?: ObservedJournal;
  /** Values of annotations. */
  readonly request?: string;
  readonly acceptedDatabase?: string;
}

export function planOf({ spec, secrets, postgres = postgresOf(), previous, journal = { kind: 'absent' }, ...annotations }: Scenario): Plan {
  const observed: Observed = { secrets: secretsOf(secrets), postgres, valkey: { kind: 'none' }, journal };
  return plan({ spec: specOf(spec), observed, previous, ...annotations, at: { now: NOW, generation: 3 } }, countingCrypto());
}

/** What a plan does, in words. */
export function actionsOf({ actions }: Plan): string[] {
  return actions.map((action) => {
    if (action.kind === 'create secret') return `create ${action.name}`;
    return action.kind === 'change database' ? `change ${action.wanted.database} for ${action.wanted.active}` : action.kind;
  });
}

/** A condition as "status reason". */
export function conditionOf({ status }: Plan, type: string): string {
  const found = status.conditions?.find((condition) => condition.type === type);
  return found ? `${found.status} ${found.reason}` : 'none';
}
