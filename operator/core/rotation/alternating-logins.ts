// The application's login in Postgres: two logins of one owner alternate, so that both work until no pod uses the old one.
import { sameValue } from './journal.js';
import { setToRevoke, type RotationStep, type Underway } from './step-input.js';
import { act, MET, wait } from './protocol.js';

/** The login that is idle now, with a password of its own. */
export function otherLogin(database: string, user: string): string {
  return user === `${database}_a` ? `${database}_b` : `${database}_a`;
}

/** Both logins work; or the one that is not published is refused, and nobody is left on it. */
export function postgresStep(underway: Underway): RotationStep {
  const { values, row } = underway;
  // Not rotated: one login all the time.
  if (sameValue(values.previous.DATABASE_USER, values.next.DATABASE_USER)) return MET;
  return row.accepted === 'both' ? bothWork(underway) : otherIsDead(underway);
}

function bothWork({ values, spec, rollout }: Underway): RotationStep {
  for (const set of ['next', 'previous'] as const) {
    const login = rollout.logins[set];
    const role = values[set].DATABASE_USER.reveal();
    if (login.kind === 'unreachable') return wait(`Postgres does not answer (${login.why})`);
    // The previous one worked when it was copied: that it is refused now has another cause, which only makes it worth repairing.
    if (login.kind !== 'accepted') return act({ kind: 'open login', role, password: values[set].DATABASE_PASSWORD });
    if (login.actsAs !== spec.database.name) return wait(`login ${role} acts as ${login.actsAs}, not as ${spec.database.name}`);
  }
  return MET;
}

function otherIsDead(underway: Underway): RotationStep {
  const { values, rollout, observed } = underway;
  const set = setToRevoke(underway);
  const role = values[set].DATABASE_USER.reveal();
  if (observed.postgres.kind !== 'observed') return wait('Postgres does not answer');
  const found = observed.postgres.state.roles.find(({ name }) => name === role);
  const { ours, others } = rollout.sessions[set];
  const alive = found !== undefined && (found.canLogin || found.hasVerifier);
  return alive || ours + others > 0 ? act({ kind: 'close login', role }) : MET;
}
