// How far the restore is, from the resource's status alone.
import { describe, expect, it } from '@jest/globals';
import type { RestoreEnd } from '../../../../operator/api/restore-fields.js';
import type { Request } from '../../../../cli/restore/request-restore.js';
import { describePhase, isPast, judgeProgress, phasesOf, type Progress } from '../../../../cli/restore/restore-progress.js';
import { COPY, RESTORE, resource, restoring, type Scenario } from '../cli-scenarios.js';

const OTHER = '20260501T000000Z';
const begin: Request = { kind: 'begin', value: 'latest', known: [OTHER] };
const turn = (kind: 'confirm' | 'undo'): Request => ({ kind, value: kind, id: RESTORE, known: [RESTORE], direction: 'forth' });
const ended = (result: RestoreEnd['result'], more: Partial<RestoreEnd> = {}): RestoreEnd => ({ id: RESTORE, at: '2026-06-01T12:00:00Z', result, copy: COPY, ...more });
const refused = (request: string, why = 'No.') => ({ request, why, at: '2026-06-01T12:00:00Z' });

describe('a restore that was asked for', () => {
  it.each<[string, Request, Scenario, object]>([
    ['is queued until the operator has seen it', begin, { restoreAsked: 'latest', restore: { last: { ...ended('Confirmed'), id: OTHER } } }, { kind: 'queued' }],
    ['is in its phase', begin, { restore: { current: restoring('Restoring') } }, { kind: 'phase', id: RESTORE, phase: 'Restoring' }],
    ['is refused, with the operator\'s words', begin, { restore: { refused: refused('latest', 'There is no room.') } }, { kind: 'refused', message: 'There is no room.' }],
    ['is refused by its beginning where it is long', { ...begin, value: `{"copy":"latest","reason":"${'x'.repeat(150)}"}` }, { restore: { refused: refused(`{"copy":"latest","reason":"${'x'.repeat(74)}…`) } }, { kind: 'refused' }],
    ['is not taken for one of before that was refused', begin, { restore: { current: restoring('Waiting'), refused: refused('latest') } }, { kind: 'phase' }],
    ['is not taken for one of before that ended', begin, { restore: { last: { ...ended('Confirmed'), id: OTHER } } }, { kind: 'lost' }],
    ['is done when a person has to say something', begin, { restore: { current: restoring('Unconfirmed') } }, { kind: 'unconfirmed', message: `copy ${COPY} is live, and an event was stored in it` }],
    ['is done when it is in a database to look at', begin, { restore: { current: restoring('Aside') } }, { kind: 'unconfirmed', message: `copy ${COPY} is in a database of its own, and the live one is as it was` }],
    ['failed', begin, { restore: { last: ended('Failed', { why: 'Checking: fetch: IdentityWrong' }) } }, { kind: 'ended', message: `restore ${RESTORE} failed, and everything is as it was: Checking: fetch: IdentityWrong` }],
    ['is followed by its annotation, too', { kind: 'follow', value: 'latest', known: [OTHER] }, { restore: { current: restoring('Checking') } }, { kind: 'phase', phase: 'Checking' }],
  ])('%s', (_, request, scenario, progress) => expect(judgeProgress(request, resource(scenario))).toMatchObject(progress));
});

describe('a turn of it', () => {
  it.each<[string, 'confirm' | 'undo', Scenario, object]>([
    ['confirm is queued, although it is Unconfirmed as before', 'confirm', { restoreAsked: 'confirm', restore: { current: restoring('Unconfirmed') } }, { kind: 'queued' }],
    ['confirm goes on', 'confirm', { restore: { current: restoring('Cleaning') } }, { kind: 'phase', phase: 'Cleaning' }],
    ['confirm has ended', 'confirm', { restore: { last: ended('Confirmed') } }, { kind: 'ended', message: expect.stringContaining('the database of before is gone') }],
    ['confirm is refused', 'confirm', { restore: { current: restoring('Unconfirmed'), refused: refused('confirm') } }, { kind: 'refused' }],
    ['undo goes the way back', 'undo', { restore: { current: restoring('Swapping', { direction: 'back' }) } }, { kind: 'phase', phase: 'Swapping' }],
    ['undo is done when the other database is live', 'undo', { restore: { current: restoring('Unconfirmed', { direction: 'back' }), refused: refused('undo') } }, { kind: 'unconfirmed', message: expect.stringContaining('the database of before is live again') }],
    ['undo before anything changed returns', 'undo', { restore: { current: restoring('Returning', { canceled: true, why: 'it was taken back' }) } }, { kind: 'phase', phase: 'Returning' }],
    ['undo is refused', 'undo', { restore: { current: restoring('Unconfirmed'), refused: refused('undo', 'There was no database before this restore.') } }, { kind: 'refused', message: 'There was no database before this restore.' }],
    ['undo ended a restore that had changed nothing', 'undo', { restore: { last: ended('Canceled') } }, { kind: 'ended', message: expect.stringContaining('everything is as it was') }],
  ])('%s', (_, kind, scenario, progress) => expect(judgeProgress(turn(kind), resource(scenario))).toMatchObject(progress));
});

describe('the lines', () => {
  const at = (phase: Parameters<typeof restoring>[0]): Progress => ({ kind: 'phase', id: RESTORE, phase, message: '' });

  it('are the phases of the way there, of the way back, or the one that is left', () => {
    expect(phasesOf(begin, at('Waiting'))).toHaveLength(9);
    expect(phasesOf(turn('undo'), at('Stopping'))).toEqual(['Stopping', 'Swapping', 'Migrating', 'Starting', 'Proving']);
    expect(phasesOf({ ...begin, intoNewDatabase: true }, at('Loading'))).toEqual(['Waiting', 'Checking', 'Loading']);
    for (const request of [begin, turn('undo')]) expect(phasesOf(request, at('Returning'))).toEqual(['Returning']);
    expect(phasesOf({ kind: 'follow' }, at('Cleaning'))).toEqual(['Cleaning']);
  });

  it('are past when a later one has begun, and all when it is done; none of one that failed', () => {
    const phases = phasesOf(begin, at('Restoring'));
    expect(phases.filter((phase) => isPast(at('Restoring'), phase, phases))).toEqual(['Waiting', 'Checking', 'Stopping']);
    expect(phases.every((phase) => isPast({ kind: 'ended', run: ended('Confirmed'), message: '' }, phase, phases))).toBe(true);
    expect(phases.some((phase) => isPast({ kind: 'ended', run: ended('Failed'), message: '' }, phase, phases))).toBe(false);
  });

  it.each<[string, Parameters<typeof describePhase>[0], string]>([
    ['what is done', restoring('Stopping'), 'the gateway holds; web and worker end'],
    ['what is waited for, without the phase and the dot', restoring('Stopping', { waitsFor: 'Stopping: 2 pods of web and worker have not ended.' }), '2 pods of web and worker have not ended'],
    ['the attempt, and why there is another', restoring('Checking', { attempt: 2, why: 'fetch: StoreAway' }), 'attempt 2: fetches the copy, compares and decrypts it; nothing is stopped yet (fetch: StoreAway)'],
  ])('say %s', (_, current, text) => expect(describePhase(current)).toBe(text));
});
