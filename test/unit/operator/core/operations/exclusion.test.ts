// The table of operations: what waits for what, and what a leak does not wait for.
import { describe, expect, it } from '@jest/globals';
import { OPERATIONS, findHolder, holderOf, verdictOf, type Holder, type Operation, type Verdict } from '../../../../../operator/core/operations/exclusion.js';
import { NOW, ago, jobOf } from '../health/health-scenarios.js';

/** One that began ten minutes ago and has an hour. */
function holding(operation: Operation, changes: Partial<Holder> = {}): Holder {
  return { operation, name: `${operation}-1`, since: ago(600), until: ago(-3_600), ...changes };
}

describe('the table of operations', () => {
  it('is this', () => {
    const row = (wanted: Operation) => Object.fromEntries(OPERATIONS.map((held) => [held, verdictOf(wanted, held)]));
    const all = (verdict: Verdict) => Object.fromEntries(OPERATIONS.map((held) => [held, verdict]));
    expect(Object.fromEntries(OPERATIONS.map((wanted) => [wanted, row(wanted)]))).toEqual({
      rotation: all('waits'), migration: all('waits'), backup: all('waits'), rehearsal: all('waits'), restore: all('waits'), upgrade: all('waits'), move: all('waits'),
      compromised: { rotation: 'waits', compromised: 'waits', migration: 'retires later', backup: 'begins', rehearsal: 'begins', restore: 'retires later', upgrade: 'retires later', move: 'retires later' },
    });
  });

  it.each<[string, Operation, readonly Holder[], string | undefined]>([
    ['begins where there is nobody', 'backup', [], undefined],
    ['waits for another one', 'rotation', [holding('backup')], 'backup-1'],
    ['waits for one of its own kind', 'backup', [holding('backup')], 'backup-1'],
    ['does not wait for one whose time is over', 'restore', [holding('backup', { until: NOW })], undefined],
    ['for a leak begins beside a backup and a migration', 'compromised', [holding('backup'), holding('migration')], undefined],
    ['for a leak begins beside an import', 'compromised', [holding('move')], undefined],
    ['for a leak waits for the rotation beside them', 'compromised', [holding('backup'), holding('rotation')], 'rotation-1'],
  ])('an operation %s', (_, wanted, holders, waitsFor) => {
    expect(findHolder(wanted, holders, NOW)?.name).toBe(waitsFor);
  });

  it.each<[string, Parameters<typeof holderOf>[0], Partial<Holder>]>([
    ['migrate Job is a migration until its deadline', { ...jobOf('running'), endsAt: ago(-60) }, { operation: 'migration', since: ago(7_200), until: ago(-60) }],
    ['Job without a deadline counts for a day', jobOf('running', 3_600), { until: ago(3_600 - 86_400) }],
    ['backup is one', { ...jobOf('running'), part: 'backup' }, { operation: 'backup' }],
    ['rehearsal is one', { ...jobOf('running'), part: 'rehearsal' }, { operation: 'rehearsal' }],
    ['Job of an unknown part is as much as a migration', { ...jobOf('running'), part: 'import' }, { operation: 'migration' }],
    ['Job is no rotation, whatever it calls itself', { ...jobOf('running'), part: 'compromised' }, { operation: 'migration' }],
  ])('a %s', (_, job, wanted) => expect(holderOf(job)).toMatchObject(wanted));
});
