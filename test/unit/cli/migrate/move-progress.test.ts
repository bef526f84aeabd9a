// How far a step of a move is, from the resource's status alone; and what is not asked for.
import { describe, expect, it } from '@jest/globals';
import { judgeProgress } from '../../../../cli/migrate/move-progress.js';
import { planStart, planTurn, type MoveRequest, type Turn } from '../../../../cli/migrate/request-move.js';
import { MOVE, moving, resource, type Scenario } from '../cli-scenarios.js';

const OTHER = '20260501T000000Z';
const start: MoveRequest = { kind: 'start', value: 'start', target: 'Parallel', known: [OTHER], refusedAt: undefined };
const turn = (kind: Turn): MoveRequest => ({ kind, value: kind, target: kind === 'cutover' ? 'Cutover' : kind === 'rollback' ? 'Parallel' : 'Finished', known: [MOVE], refusedAt: undefined });
const waiting = { inForceSince: undefined, waitsFor: 'the gateway cannot be seen (ECONNREFUSED)' };
const refused = (request: string) => ({ request, at: '2026-06-01T11:59:00Z', why: 'No.' });

describe('a step that was asked for', () => {
  it.each<[string, MoveRequest, Scenario, object]>([
    ['is queued until the operator has seen it', turn('rollback'), { moveAsked: 'rollback', move: { current: moving('Cutover') } }, { kind: 'queued' }],
    ['is in force when the gateway has confirmed it', turn('rollback'), { move: { current: moving('Parallel') } }, { kind: 'in force', phase: 'Parallel', since: '2026-06-01T11:58:01Z', message: 'both get every event, and the old one leads' }],
    ['is in force although its annotation is still there', turn('rollback'), { moveAsked: 'rollback', move: { current: moving('Parallel') } }, { kind: 'in force' }],
    ['waits for the gateway', turn('cutover'), { move: { current: moving('Cutover', waiting) } }, { kind: 'phase', phase: 'Cutover', message: 'the gateway cannot be seen (ECONNREFUSED)' }],
    ['is refused, with the operator\'s words', turn('cutover'), { move: { current: moving('Parallel'), refused: refused('cutover') } }, { kind: 'refused', message: 'No.' }],
    ['is not taken for one of before that was refused', { ...turn('cutover'), refusedAt: '2026-06-01T11:59:00Z' }, { move: { current: moving('Cutover'), refused: refused('cutover') } }, { kind: 'in force' }],
    ['imports first', start, { move: { current: moving('Importing', { inForceSince: undefined, waitsFor: 'Job move-import-1 runs' }) } }, { kind: 'phase', phase: 'Importing', message: 'Job move-import-1 runs' }],
    ['says how many DSNs have no project', start, { move: { current: moving('Parallel', { dsns: { known: 3, served: 2 } }) } }, { kind: 'in force', message: expect.stringContaining('1 of 3 old DSNs have no project here') }],
    ['came to nothing', start, { move: { last: { id: MOVE, at: '2026-06-01T12:00:00Z', result: 'Failed', why: 'it refuses the token (401)' } } }, { kind: 'ended', result: 'Failed', message: expect.stringContaining('it refuses the token (401)') }],
    ['took an import back', turn('rollback'), { move: { last: { id: MOVE, at: '2026-06-01T12:00:00Z', result: 'Canceled' } } }, { kind: 'ended', result: 'Canceled' }],
    ['is lost where the operator knows nothing of it', start, { move: { last: { id: OTHER, at: '2026-06-01T12:00:00Z', result: 'Failed' } } }, { kind: 'lost' }],
  ])('%s', (_, request, scenario, progress) => expect(judgeProgress(request, resource(scenario))).toMatchObject(progress));
});

describe('what is not asked for', () => {
  const move = { from: 'https://sentry.example.com', organization: 'acme' };
  it.each<[string, Scenario, 'start' | Turn, string]>([
    ['a start without an old server', {}, 'start', 'set move.from and move.organization in settings.yaml'],
    ['a start while one is under way', { spec: { gateway: {}, move }, move: { current: moving('Cutover') } }, 'start', `move ${MOVE} is under way: GlitchTip leads`],
    ['a rollback without a move', {}, 'rollback', 'there is no move'],
    ['a second cutover', { move: { current: moving('Cutover') } }, 'cutover', 'there is nothing to cut over: GlitchTip leads'],
    ['an end before the cutover', { move: { current: moving('Parallel') } }, 'finish', 'there is nothing to finish: the old one leads'],
    ['a step while another is asked for', { moveAsked: 'cutover', move: { current: moving('Parallel') } }, 'cutover', '"cutover" is asked for already'],
    ['a step while nothing is to change', { spec: { suspend: true }, move: { current: moving('Cutover') } }, 'rollback', 'spec.suspend is true'],
  ])('%s', (_, scenario, kind, message) => {
    const plan = kind === 'start' ? planStart(resource(scenario), true) : planTurn(resource(scenario), kind);
    expect(plan).toEqual({ kind: 'refused', message: expect.stringContaining(message) });
  });
});
