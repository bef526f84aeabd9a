// When a rehearsal begins, what it waits for, and what is recorded of it.
import { describe, expect, it } from '@jest/globals';
import type { RehearsalEnd, RehearsalProgress } from '../../../../../operator/api/rehearsal-fields.js';
import { planRehearsal, wantedRun, type RehearsalInput } from '../../../../../operator/core/rehearsal/rehearsal-plan.js';

const NOW = new Date('2026-11-29T10:00:00Z');
const VERIFIED = { copy: '20261101T023000Z', at: '2026-11-01T02:34:00Z', bytes: 1, seconds: 1, how: 'content', where: 's3' } as const;
const OF_BEFORE: RehearsalEnd = { version: '5.2', startedAt: '2026-10-01T03:00:00Z', endedAt: '2026-10-01T03:05:00Z', result: 'Passed' };
const CURRENT: RehearsalProgress = { version: '6.2', trigger: 'request', startedAt: '2026-11-29T09:58:00Z' };
const MADE = { ...CURRENT, jobMadeAt: '2026-11-29T09:58:10Z' };
const FIGURES = { migrations: 2, seconds: 3.5, peakMemory: 4, bytesBefore: 5, bytesAfter: 6, locks: [] };
const input = (change: Partial<RehearsalInput> = {}): RehearsalInput => ({ running: '5.2', suspend: false, onSchedule: true, status: {}, backup: {}, run: { kind: 'absent' }, request: undefined, obstacle: undefined, now: NOW, ...change });
const plan = (change: Partial<RehearsalInput>) => planRehearsal(input(change));

describe('a rehearsal that is asked for', () => {
  it('is recorded first, then its request is taken away, then its Job is made', () => {
    expect(plan({ request: '6.2' })).toMatchObject({ step: { kind: 'begin' }, status: { current: { version: '6.2', trigger: 'request', startedAt: '2026-11-29T10:00:00Z' } } });
    expect(plan({ request: '6.2.6', status: { current: CURRENT } }).step).toEqual({ kind: 'drop request' });
    expect(plan({ status: { current: CURRENT } }).step).toEqual({ kind: 'create job', run: CURRENT });
  });

  it.each([
    ['6.1', 'Annotation glitchkeeper.io/rehearse: expected 5.2, which runs here, or 6.2, the next one, found "6.1".'],
    ['latest', 'Annotation glitchkeeper.io/rehearse: expected 5.2, which runs here, or 6.2, the next one, found "latest".'],
  ])('of %s is refused, and told once', (request, why) => {
    const first = plan({ request });
    expect(first).toMatchObject({ step: { kind: 'drop request' }, status: { refused: { request, why, at: '2026-11-29T10:00:00Z' } } });
    expect(planRehearsal({ ...input({ request, status: first.status }), now: new Date('2026-11-29T11:00:00Z') }).status).toEqual(first.status);
  });

  it('beside another one is refused', () => {
    expect(plan({ request: '5.2', status: { current: MADE }, run: { kind: 'running' } })).toMatchObject({ step: { kind: 'drop request' }, status: { current: MADE, refused: { why: 'A rehearsal of 6.2 is under way since 2026-11-29T09:58:00Z.' } } });
  });

  it("waits for the month's check", () => {
    const current = { ...MADE, version: '5.2', trigger: 'schedule' } as const;
    expect(plan({ request: '6.2', status: { current }, run: { kind: 'running' } })).toMatchObject({ step: { kind: 'wait' }, status: { current } });
  });

  it.each<[string, Partial<RehearsalInput>, string]>([
    ['while something else is under way', { obstacle: 'backup b is under way' }, 'backup b is under way'],
    ['while nothing may be changed', { suspend: true }, 'none is made while spec.suspend is true'],
    ['beside the maintenance of partitions', { now: new Date('2026-11-29T05:00:00Z') }, 'a dump would hold up the maintenance of partitions, and that all events: it waits until 2026-11-29T05:30:00Z'],
  ])('waits %s', (_, change, heldBack) => {
    expect(plan({ request: '6.2', ...change })).toMatchObject({ step: { kind: 'wait' }, status: { heldBack } });
    expect(plan({ status: { current: CURRENT }, ...change })).toMatchObject({ step: { kind: 'wait' }, status: { heldBack } });
  });

  it('is looked for around where it is about to begin, and nowhere else', () => {
    expect(wantedRun(input({ request: '6.2' }))).toEqual({ version: '6.2', trigger: 'request', since: NOW });
    expect(wantedRun(input({ status: { current: CURRENT } }))).toMatchObject({ version: '6.2', since: new Date(CURRENT.startedAt) });
    expect([wantedRun(input()), wantedRun(input({ status: { current: MADE } })), wantedRun(input({ request: '6.0' }))]).toEqual([undefined, undefined, undefined]);
  });
});

describe('its end', () => {
  it('has the figures', () => {
    const run = { kind: 'ended', end: { kind: 'rehearsed', figures: FIGURES, copy: '20261129T023000Z' } } as const;
    expect(plan({ status: { current: MADE, check: OF_BEFORE }, run }).status).toEqual({
      check: OF_BEFORE, last: { version: '6.2', copy: '20261129T023000Z', startedAt: CURRENT.startedAt, endedAt: '2026-11-29T10:00:00Z', result: 'Passed', ...FIGURES },
    });
  });

  it('has the reason of a failure', () => {
    const run = { kind: 'ended', end: { kind: 'failed', step: 'migrate', reason: 'MigrationFailed', exitCode: 1, detail: 'users.0002: IntegrityError' } } as const;
    expect(plan({ status: { current: MADE }, run }).status.last).toMatchObject({ result: 'Failed', step: 'migrate', reason: 'MigrationFailed', exitCode: 1, detail: 'users.0002: IntegrityError' });
  });

  it.each<[string, Partial<RehearsalInput>, string, string]>([
    ['of a Job that is gone', { status: { current: MADE } }, 'JobGone', 'wait'],
    ['of one that cannot start, which is deleted', { status: { current: MADE }, run: { kind: 'cannot start', why: 'image: ErrImagePull' } }, 'CannotStart', 'delete job'],
    ['of one that has no template', { status: { current: CURRENT }, impediment: { kind: 'failed', step: 'begin', reason: 'ManifestsMissing' } }, 'ManifestsMissing', 'wait'],
  ])('%s', (_, change, reason, kind) => expect(plan(change)).toMatchObject({ step: { kind }, status: { last: { result: 'Failed', reason } } }));

  it('is not said while the Job cannot be seen', () => expect(plan({ status: { current: MADE }, run: { kind: 'unreadable', why: '503' } }).status).toEqual({ current: MADE }));
});

describe("the month's check", () => {
  const due = (change: Partial<RehearsalInput>) => wantedRun(input({ backup: { lastVerified: VERIFIED }, ...change }));
  it.each<[string, Partial<RehearsalInput>]>([
    ["is due after the month's first copy", {}],
    ['is due when the last one was in another month', { status: { check: OF_BEFORE } }],
    ['is due once more a day after one that failed', { status: { check: { ...OF_BEFORE, result: 'Failed', endedAt: '2026-11-28T10:00:00Z' } } }],
    ['is due when another release runs', { running: '6.2', status: { check: { ...OF_BEFORE, endedAt: '2026-11-02T10:00:00Z' } } }],
    ['is due when a clock had been wrong', { status: { check: { ...OF_BEFORE, endedAt: '2027-02-02T10:00:00Z' } } }],
  ])('%s', (_, change) => expect(due(change)).toMatchObject({ version: change.running ?? '5.2', trigger: 'schedule' }));

  it.each<[string, Partial<RehearsalInput>]>([
    ['is not due before it', { backup: { lastVerified: { ...VERIFIED, at: '2026-10-30T02:34:00Z' } } }],
    ['is not due where nothing is made on schedule', { onSchedule: false }],
    ['is not due twice', { status: { check: { ...OF_BEFORE, endedAt: '2026-11-02T10:00:00Z' } } }],
    ['is not due an hour after one that failed', { status: { check: { ...OF_BEFORE, result: 'Failed', endedAt: '2026-11-29T09:00:00Z' } } }],
  ])('%s', (_, change) => expect(due(change)).toBeUndefined());

  it('is recorded beside what a person asked for', () => {
    const run = { kind: 'ended', end: { kind: 'rehearsed', figures: FIGURES } } as const;
    const { status } = plan({ status: { current: { ...MADE, version: '5.2', trigger: 'schedule' }, last: OF_BEFORE }, run });
    expect(status).toMatchObject({ last: OF_BEFORE, check: { version: '5.2', result: 'Passed' } });
  });
});
