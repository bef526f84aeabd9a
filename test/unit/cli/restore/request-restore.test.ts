// What is asked for, by which words; and what is refused before anybody is asked.
import { describe, expect, it } from '@jest/globals';
import { planRequest, wishOf, type RestoreArguments, type Wish } from '../../../../cli/restore/request-restore.js';
import { RESTORE, resource, restoring, type Scenario } from '../cli-scenarios.js';

const NAMED = '20260601T023000Z';
const args = (more: Partial<RestoreArguments> = {}): RestoreArguments => ({ save: true, confirm: false, undo: false, follow: false, ...more });
const wanted = (more: object = {}) => ({ kind: 'begin', wanted: { copy: 'latest', save: true, ...more } });

describe('the words of the command', () => {
  it.each<[string, Partial<RestoreArguments>, object]>([
    ['nothing shows how it is', {}, { kind: 'show' }],
    ['a name is a copy', { copy: NAMED }, wanted({ copy: NAMED })],
    ['latest', { copy: 'latest', identityFile: 'key' }, wanted()],
    ['a time alone is the newest not after it', { at: '2026-06-01T03:00:00Z' }, wanted({ notAfter: '2026-06-01T03:00:00Z' })],
    ['with a reason and without a copy of what is live', { copy: 'latest', reason: 'someone dropped a project', save: false }, wanted({ reason: 'someone dropped a project', save: false })],
    ['into a database to look at', { copy: 'latest', intoNewDatabase: true }, wanted({ intoNewDatabase: true })],
    ['--confirm', { confirm: true }, { kind: 'confirm' }], ['--undo', { undo: true }, { kind: 'undo' }], ['--follow', { follow: true }, { kind: 'follow' }],
  ])('%s', (_, given, wish) => expect(wishOf(args(given))).toEqual(wish));

  it.each<[string, Partial<RestoreArguments>, RegExp]>([
    ['no name of a copy', { copy: 'yesterday' }, /^copy: expected latest or the name of a copy, such as/],
    ['a time without its zone', { at: '2026-06-01 03:00' }, /^--at: expected a time with its zone, such as 2026-11-29T02:30:00Z, found 2026-06-01 03:00$/],
    ['a time beside a name', { copy: NAMED, at: '2026-06-01T03:00:00Z' }, /^notAfter: expected it with copy latest only/],
    ['a reason that is a story', { copy: 'latest', reason: 'x'.repeat(201) }, /^reason: expected at most 200 characters/],
    ['a database to look at, and what is replaced by it', { copy: 'latest', intoNewDatabase: true, save: false }, /^expected --into-new-database without --no-save/],
    ['a database to look at where none is made', { undo: true, intoNewDatabase: true }, /^expected --undo without .*--into-new-database/],
    ['two of them', { confirm: true, undo: true }, /^expected one of a copy, --confirm/], ['one beside a copy', { copy: 'latest', undo: true }, /^expected one of a copy/],
    ['an identity where nothing is decrypted', { confirm: true, identityFile: 'key' }, /^expected --confirm without --reason, --identity-file/],
    ['an identity alone', { identityFile: 'key' }, /^expected the name of a copy, latest or --at TIME/], ['--no-save alone', { save: false }, /^expected the name of a copy/],
  ])('%s is not understood', (_, given, message) => {
    const wish = wishOf(args(given));
    expect(wish.kind === 'not understood' ? wish.message : wish).toMatch(message);
  });
});

describe('the request', () => {
  const onVolume: Scenario = { spec: { backup: { store: 'volume' } } };
  const inBucket: Scenario = { spec: { backup: { store: 's3' } } };
  const open: Scenario = { ...inBucket, restore: { current: restoring('Unconfirmed') } };
  const plan = (scenario: Scenario, wish: Partial<RestoreArguments>, hasIdentity = false) => planRequest(resource(scenario), wishOf(args(wish)) as Exclude<Wish, { kind: 'show' | 'not understood' }>, hasIdentity);

  it.each<[string, Scenario, Partial<RestoreArguments>, string]>([
    ['a copy by its name', onVolume, { copy: NAMED }, NAMED], ['the latest', onVolume, { copy: 'latest' }, 'latest'],
    ['as JSON, what a word does not say', onVolume, { at: '2026-06-01T03:00:00Z', save: false }, '{"copy":"latest","notAfter":"2026-06-01T03:00:00Z","save":false}'],
    ['as JSON, into a database to look at', onVolume, { copy: 'latest', intoNewDatabase: true }, '{"copy":"latest","save":true,"intoNewDatabase":true}'],
    ['confirm', open, { confirm: true }, 'confirm'], ['undo', open, { undo: true }, 'undo'],
  ])('is %s', (_, scenario, wish, value) => expect(plan(scenario, wish)).toMatchObject({ kind: 'ask', request: { value } }));

  it('of a bucket wants the identity, which nothing in the cluster has', () => {
    expect(plan(inBucket, { copy: 'latest' })).toEqual({ kind: 'refused', usage: true, message: expect.stringContaining('pass --identity-file') });
    expect(plan(inBucket, { copy: 'latest' }, true)).toMatchObject({ kind: 'ask', request: { known: [] } });
  });

  it('knows the restores of before, so that none of them is taken for its own', () => {
    const last = { id: '20260501T000000Z', at: '2026-05-01T00:10:00Z', result: 'Confirmed' } as const;
    expect(plan({ ...onVolume, restore: { last } }, { copy: 'latest' })).toMatchObject({ request: { known: [last.id] } });
    expect(plan(open, { undo: true })).toMatchObject({ request: { id: RESTORE, direction: 'forth' } });
  });

  it.each<[string, Scenario, Partial<RestoreArguments>, RegExp]>([
    ['where no copies are made', {}, { copy: 'latest' }, /set backup\.store/],
    ['while the operator may change nothing', { spec: { backup: { store: 'volume' }, suspend: true } }, { copy: 'latest' }, /spec\.suspend/],
    ['to confirm what replaced nothing', { ...inBucket, restore: { current: restoring('Aside', { wanted: { copy: 'latest', save: true, intoNewDatabase: true } }) } }, { confirm: true }, /nothing to confirm: glitchkeeper restore --undo drops/],
    ['beside another', open, { copy: 'latest' }, /restore 20260601T115800Z is under way \(Unconfirmed\).*--undo takes it back/],
    ['that is asked for already', { ...onVolume, restoreAsked: 'latest' }, { copy: NAMED }, /"latest" is asked for already/],
    ['of nothing to confirm', onVolume, { confirm: true }, /there is no restore to confirm/], ['of nothing to undo', onVolume, { undo: true }, /there is no restore to undo/],
    ['to confirm what is not done', { ...onVolume, restore: { current: restoring('Proving') } }, { confirm: true }, /nothing to confirm yet: the restore is Proving/],
    ['to follow nothing', onVolume, { follow: true }, /no restore is under way/],
  ])('%s is refused', (_, scenario, wish, message) => {
    const found = plan(scenario, wish);
    expect(found.kind === 'refused' ? found.message : found).toMatch(message);
  });

  it.each<[string, Scenario, object]>([
    ['the one that is under way', { restore: { current: restoring('Restoring') } }, { id: RESTORE }], ['one that is asked for', { restoreAsked: 'latest' }, { value: 'latest' }],
  ])('follows %s', (_, scenario, request) => expect(plan({ ...onVolume, ...scenario }, { follow: true })).toMatchObject({ kind: 'follow', request }));
});
