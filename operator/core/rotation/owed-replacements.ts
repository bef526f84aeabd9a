// What rotations that were given up still owe: kept in the journal until completed ones have replaced all of it.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { CredentialName, RotationRecord, Trigger } from '../../api/rotation-fields.js';
import type { Journal } from './journal.js';
import { rotatableCredentials } from './requested-rotation.js';

/** A rotation that was given up, with those of its credentials that no completed one has replaced since. */
export type Debt = RotationRecord;

/** The strict one first. Not looked up in the history, which forgets: only a journal of before debts were kept has no other source. */
export function owedIn({ owed, history, rotation }: Journal): readonly Debt[] {
  if (owed) return owed;
  // One that is tried again was not given up.
  const ended = history.filter(({ id }) => rotation === undefined || !id.startsWith(rotation.id));
  return ended.toReversed().reduce<readonly Debt[]>(settle, []);
}

/** Debts after one more rotation, which completed or was given up. */
export function settle(debts: readonly Debt[], ended: RotationRecord): readonly Debt[] {
  return ended.result === 'Completed' ? pay(debts, ended) : owe(debts, ended);
}

/** Those that can be paid: a credential that does not exist any more cannot be replaced. */
export function payable(spec: GlitchTipSpec, journal: Journal): readonly Debt[] {
  const rotatable = rotatableCredentials(spec);
  return keepCredentials(owedIn(journal), (name) => rotatable.includes(name));
}

/** One debt of each strictness, the newest with what older ones owe beside it: so there are never more than two. */
function owe(debts: readonly Debt[], gaveUp: Debt): readonly Debt[] {
  const [same, others] = [debts.filter((debt) => isStrict(debt) === isStrict(gaveUp)), debts.filter((debt) => isStrict(debt) !== isStrict(gaveUp))];
  const credentials = [...new Set([...same.flatMap((debt) => debt.credentials), ...gaveUp.credentials])];
  const debt = { ...gaveUp, credentials };
  return isStrict(debt) ? [debt, ...others] : [...others, debt];
}

/**
 * What is left after one that completed. After a compromise no other kind pays anything: it would leave the old SECRET_KEY its
 * grace, a person's own password, and the sessions and connections that were opened with what leaked, which are of no credential alone.
 */
function pay(debts: readonly Debt[], { trigger, credentials }: RotationRecord): readonly Debt[] {
  return debts.flatMap((debt) => (isStrict(debt) && trigger !== 'compromised' ? [debt] : keepCredentials([debt], (name) => !credentials.includes(name))));
}

/** What the schedule begins when it is due: what leaked is not forgotten because replacing it was given up. */
export function dueRotation(spec: GlitchTipSpec, journal: Journal): { trigger: Trigger; credentials: CredentialName[] } {
  const debts = payable(spec, journal);
  const owed = debts.flatMap(({ credentials }) => credentials);
  // One that waits, whose place it takes, is not lost with it.
  if (debts.some(isStrict)) return { trigger: 'compromised', credentials: [...new Set([...owed, ...(journal.rotation?.credentials ?? [])])] };
  return { trigger: 'schedule', credentials: [...new Set([...(spec.rotation.credentials ?? rotatableCredentials(spec)), ...owed])] };
}

/** A debt as a sentence. */
export function describeDebt({ id, message, trigger, credentials }: Debt): string {
  const until = isStrict({ trigger }) ? ' What leaked is valid until a rotation with glitchkeeper.io/rotate=compromised has completed.' : '';
  return `Rotation ${id} was given up: ${message} Not replaced since: ${credentials.join(', ')}.${until}`;
}

function isStrict({ trigger }: Pick<Debt, 'trigger'>): boolean {
  return trigger === 'compromised';
}

/** Debts of nothing are none. */
function keepCredentials(debts: readonly Debt[], isKept: (name: CredentialName) => boolean): readonly Debt[] {
  return debts.map((debt) => ({ ...debt, credentials: debt.credentials.filter(isKept) })).filter(({ credentials }) => credentials.length > 0);
}
