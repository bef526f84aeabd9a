// Who holds the recorded lock, and when a holder that did not release it counts as gone.
import { describe, expect, it } from '@jest/globals';
import type { Holder } from '../../../../../operator/core/operations/exclusion.js';
import { holderOfLock, type ObservedLock, type Traces } from '../../../../../operator/core/operations/operation-lock.js';
import { NOW, ago } from '../health/health-scenarios.js';

const ROTATION: Holder = { operation: 'rotation', name: 'r1', since: ago(60), until: ago(-600) };
const REPAIR: Holder = { operation: 'migration', name: 'glitchkeeper-migrate-1', since: ago(600), until: ago(-600) };
const RESTORE: Holder = { operation: 'restore', name: '20261129T100000Z', since: ago(600), until: ago(-600) };
const NO_TRACE: Traces = { rotation: null, jobs: [] };

describe('the recorded lock', () => {
  it.each<[string, Holder, Traces, boolean]>([
    ['of a rotation that is under way', ROTATION, { ...NO_TRACE, rotation: { id: 'r1' } }, true],
    ['of a rotation that has ended, after which the operator was killed', ROTATION, NO_TRACE, false],
    ['of a rotation in whose place there is another', ROTATION, { ...NO_TRACE, rotation: { id: 'r2' } }, false],
    ['of a rotation for a leak that has ended', { ...ROTATION, operation: 'compromised' }, NO_TRACE, false],
    ['of a rotation, while the journal cannot be read', ROTATION, { ...NO_TRACE, rotation: undefined }, true],
    ['of a rotation whose time is over', { ...ROTATION, until: NOW }, { ...NO_TRACE, rotation: { id: 'r1' } }, false],
    ['of a Job that is at work', REPAIR, { ...NO_TRACE, jobs: [REPAIR.name] }, true],
    ['of a Job that has ended', REPAIR, NO_TRACE, false],
    ['of a Job that is about to be made', { ...REPAIR, since: ago(5) }, NO_TRACE, true],
    ['of a Job that was made a moment ago and has ended', { ...REPAIR, since: ago(5) }, { ...NO_TRACE, ended: [REPAIR.name] }, false],
    ['of a Job, while Jobs cannot be seen', REPAIR, { ...NO_TRACE, jobs: undefined }, true],
    ['of a Job whose time is over, while Jobs cannot be seen', { ...REPAIR, until: NOW }, { ...NO_TRACE, jobs: undefined }, false],
    ['of a restore that is between two Jobs', RESTORE, { ...NO_TRACE, restore: { id: RESTORE.name } }, true],
    ['of a restore, for whoever does not know the status', RESTORE, NO_TRACE, true],
    ['of a restore that has ended', RESTORE, { ...NO_TRACE, restore: null }, false],
    ['of an upgrade that is under way', { ...RESTORE, operation: 'upgrade' }, { ...NO_TRACE, upgrade: { id: RESTORE.name } }, true],
    ['of an upgrade that has ended', { ...RESTORE, operation: 'upgrade' }, { ...NO_TRACE, upgrade: null }, false],
    ['of a restore in whose place there is another', RESTORE, { ...NO_TRACE, restore: { id: '20261129T110000Z' } }, false],
  ])('%s is held: or is not', (_, holder, traces, isHeld) => {
    expect(holderOfLock({ kind: 'held', holder, resourceVersion: '1' }, traces, NOW)).toBe(isHeld ? holder : undefined);
  });

  it.each<ObservedLock>([{ kind: 'free' }, { kind: 'unreadable', why: '403' }])('%j is held by nobody who is known', (lock) => {
    expect(holderOfLock(lock, NO_TRACE, NOW)).toBeUndefined();
  });
});
