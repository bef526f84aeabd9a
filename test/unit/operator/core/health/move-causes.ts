// What is seen of a move, and the causes that it is: rows of the table of diagnose.test.ts.
import type { MoveProgress } from '../../../../../operator/api/move-fields.js';
import type { Facts } from '../../../../../operator/core/health/health-facts.js';
import type { DeliveryToOld } from '../../../../../operator/core/move/move-facts.js';
import { ago, gatewayOf } from './health-scenarios.js';

const MINUTE = 60;
const of = (phase: MoveProgress['phase'], seconds: number, change: Partial<MoveProgress> = {}): Partial<Facts> => ({
  move: { current: { id: '20260101T000000Z', phase, since: ago(seconds).toISOString(), imports: true, attempt: 1, ...change } },
});
const inForce = (change: Partial<MoveProgress> = {}) => of('Parallel', 60 * MINUTE, { inForceSince: ago(60 * MINUTE).toISOString(), ...change });
const delivery = (change: Partial<DeliveryToOld>): Partial<Facts> => ({ ...inForce(), gateway: gatewayOf({ move: { waiting: { records: 0, bytes: 0 }, sent: 9, refused: {}, dropped: 0, ...change } }) });
const waiting = (seconds: number): DeliveryToOld['waiting'] => ({ records: 40, bytes: 9_000, oldest: ago(seconds).toISOString() });
const failed = (seconds: number): Partial<Facts> => ({ move: { last: { id: '20260101T000000Z', at: ago(seconds).toISOString(), result: 'Failed', why: 'it refuses the token (401)' } } });

/** What is seen, in words; the causes. */
export const MOVE_CAUSES: readonly [string, Partial<Facts>, string[]][] = [
  ['both servers get every event', delivery({ waiting: waiting(20) }), []],
  ['the old server has been away for eleven minutes', delivery({ waiting: waiting(11 * MINUTE), closed: { why: 'ECONNREFUSED' } }), ['OldServerBehind/move warning']],
  ['the old server has been away for a minute', delivery({ waiting: waiting(MINUTE), closed: { why: 'ECONNREFUSED' } }), []],
  ['events are being dropped for the old server', delivery({ waiting: waiting(MINUTE), dropped: 3 }), ['OldServerBehind/move warning']],
  ['events were dropped for it, and it has caught up', delivery({ dropped: 3 }), []],
  ['a rollback was asked for a minute ago', of('Parallel', MINUTE), []],
  ['the gateway does not confirm a rollback', of('Parallel', 3 * MINUTE, { waitsFor: 'the gateway cannot be seen (ECONNREFUSED)' }), ['MoveStuck/move warning']],
  ['an import takes half an hour', of('Importing', 30 * MINUTE), []],
  ['an import takes more than an hour', of('Importing', 61 * MINUTE), ['MoveStuck/move warning']],
  ['the table of old DSNs was deleted', inForce({ tableUnread: 'Secret glitchtip-move does not exist' }), ['MoveTableMissing/move warning']],
  ['it was deleted after the end', of('Finished', 60 * MINUTE, { inForceSince: ago(60).toISOString(), tableUnread: 'Secret glitchtip-move does not exist' }), []],
  ['a move is in a phase of a later version', of('Merging' as MoveProgress['phase'], 60 * MINUTE), []],
  ['a move came to nothing', failed(60), ['MoveFailed/move warning']],
  ['a move came to nothing the day before yesterday', failed(48 * 60 * MINUTE), []],
];
