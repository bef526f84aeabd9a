// The operator's own passwords: while they are rotated the one in the Secret may not be the one that the server has yet.
import { POSTGRES_SUPERUSER } from '../../api/object-names.js';
import type { Observed, Via } from './observed.js';
import type { ValueName } from '../rotation/journal.js';
import { journalOf } from '../rotation/journal.js';
import { valueOf } from './generated-secrets.js';
import type { Sensitive } from '../sensitive.js';

interface Sources extends Pick<Observed, 'journal'> {
  readonly secrets: Pick<Observed['secrets'], 'postgres' | 'valkey'>;
}

/** Passwords to try in Postgres, in this order; none twice. */
export function postgresLogins(sources: Sources): readonly { readonly user: string; readonly password: Sensitive; readonly via: Via }[] {
  return candidates(sources, valueOf(sources.secrets.postgres, 'password'), 'operator-postgres-password')
    .map((candidate) => ({ user: POSTGRES_SUPERUSER, ...candidate }));
}

/** Passwords to try in Valkey, in this order; none twice. */
export function valkeyPasswords(sources: Sources): readonly Sensitive[] {
  return candidates(sources, valueOf(sources.secrets.valkey, 'password'), 'operator-valkey-password').map(({ password }) => password);
}

function candidates(sources: Sources, published: Sensitive | undefined, name: ValueName): readonly { readonly via: Via; readonly password: Sensitive }[] {
  const values = journalOf(sources)?.values;
  const all: readonly (readonly [Via, Sensitive | undefined])[] = [['published', published], ['next', values?.next[name]], ['previous', values?.previous[name]]];
  const tried = new Set<string>();
  return all.flatMap(([via, password]) => {
    if (!password || password.reveal() === '' || tried.has(password.reveal())) return [];
    tried.add(password.reveal());
    return [{ via, password }];
  });
}
