// What a person reads before, while and after.
import { describe, expect, it } from '@jest/globals';
import { plain } from '../../../../cli/output.js';
import type { Wanted } from '../../../../cli/restore/request-restore.js';
import { describeEnd, describeProspect, describeTurn, knownCopy, restoreLines } from '../../../../cli/restore/restore-text.js';
import { COPY, NOW, OLDER_COPY, copied, resource, restoring, type Scenario } from '../cli-scenarios.js';

const latest: Wanted = { copy: 'latest', save: true };
const backed: Scenario = { spec: { backup: { store: 's3' }, gateway: { deployment: 'gateway', host: 'web', port: 8080, controlHost: 'gateway-control', controlPort: 9465 }, web: { host: 'web-backend' } }, backup: copied() };

describe('the copy that will be chosen', () => {
  const damaged = copied({ copies: [{ name: COPY, bytes: 1, damaged: true }, { name: OLDER_COPY, bytes: 1, damaged: false }] });
  it.each<[string, Scenario, Wanted, string | undefined]>([
    ['the newest', backed, latest, COPY], ['the newest that is good', { ...backed, backup: damaged }, latest, OLDER_COPY],
    ['the newest that is not after a time', backed, { ...latest, notAfter: '2026-06-01T02:29:59Z' }, OLDER_COPY], ['the one that is named', backed, { copy: OLDER_COPY, save: true }, OLDER_COPY],
    ['not known on a new host', { ...backed, backup: {} }, latest, undefined],
  ])('is %s', (_, scenario, wanted, name) => expect(knownCopy(resource(scenario), wanted)?.name).toBe(name));
});

describe('what will happen', () => {
  const prospect = (wanted: Wanted = latest, scenario: Scenario = backed) => describeProspect(resource(scenario), wanted, NOW);

  it('is said line by line: the copy, what is lost, what stops, what stays, the way back', () => {
    const text = prospect();
    for (const line of [
      /copy +20260601T023000Z, of 2026-06-01 02:30 UTC \(9 h ago\), 42Mi/, /release +5\.2; a copy of another release is refused before anything is stopped/,
      /lost from view +what was stored in the 9 h since the copy: it stays in the database of before, and in a copy that is made of it/,
      /stops +web and the worker.*everybody signs in anew/, /events +go on being taken: the gateway keeps them/, /stays +today's passwords/, /as in the copy +.*those that were revoked since, too/,
      /the way back +glitchkeeper restore --undo, until glitchkeeper restore --confirm drops/,
    ]) expect(text).toMatch(line);
  });

  it('is said of a database to look at: that nothing stops or changes, the room that it takes, how it goes', () => {
    const text = prospect({ ...latest, intoNewDatabase: true });
    for (const line of [/copy +20260601T023000Z/, /stops +nothing: people and events go on/, /stays +the live database, uploads, passwords and sessions/, /takes +1\.3 times/, /afterwards +glitchkeeper restore --undo drops it/]) expect(text).toMatch(line);
    expect(text).not.toMatch(/signs in anew|--confirm/);
  });

  it('is said of a new host, which knows no copy yet', () => expect(prospect({ ...latest, notAfter: '2026-06-01T02:29:59Z' }, { ...backed, backup: {} })).toMatch(/the newest good one in the store that is not after 2026-06-01 02:29 UTC \(9 h ago\): Checking names it/));
  it('is said of a copy that nobody listed', () => expect(prospect({ copy: '20260101T023000Z', save: true })).toMatch(/copy +20260101T023000Z, of 2026-01-01 02:30 UTC/));
  it('is said where no copy is made of what is live', () => expect(prospect({ ...latest, save: false })).toMatch(/stays in the database of before alone, for no copy is made of it/));
  it('is said where there is no gateway', () => expect(prospect(latest, { spec: { backup: { store: 's3' } } })).toMatch(/events +are refused meanwhile/));
});

describe('what a turn ends', () => {
  const turn = (kind: 'confirm' | 'undo', more: Parameters<typeof restoring>[1]) => describeTurn(kind, resource({ ...backed, restore: { current: restoring('Unconfirmed', { before: 16384, restored: { oid: 16390, attempt: 1 }, ...more }) } }));
  it.each<[string, string, RegExp]>([
    ['a confirmation of the restored one', turn('confirm', { saved: '20260601T115900Z' }), /glitchtip stays live, and the database of before \(glitchtip_before_20260601t115800z\) is dropped: there is no way back then but copy 20260601T115900Z/],
    ['a confirmation of the one before', turn('confirm', { direction: 'back' }), /the restored database \(glitchtip_restored_20260601t115800z\) is dropped: .* but another restore/],
    ['the way back', turn('undo', {}), /The database of before becomes live once more.*everybody signs in anew.*given to it by the gateway\./], ['the way there again', turn('undo', { direction: 'back' }), /The restored database becomes live once more/],
    ['a database to look at', describeTurn('undo', resource({ ...backed, restore: { current: restoring('Aside', {}) } })), /^Database glitchtip_restored_20260601t115800z is dropped; nothing else changes\.$/],
    ['one that has changed nothing', turn('undo', { before: undefined }), /nothing has changed yet/],
  ])('%s', (_, text, expected) => expect(text).toMatch(expected));
});

describe('how it is', () => {
  const lines = (scenario: NonNullable<Scenario['restore']>) => restoreLines(scenario, NOW, plain).join('\n');
  it('under way: what of, the phase, and what it waits for', () => expect(lines({ current: restoring('Starting', { waitsFor: 'Starting: web and worker start.' }) })).toMatch(/^restore +under way +20260601T115800Z: copy 20260601T023000Z\n +Starting +since 60 s: web and worker start$/));
  it('kept open: both ways', () => expect(lines({ current: restoring('Unconfirmed', { direction: 'back' }) })).toMatch(/the way back to the database of before\n +Unconfirmed +since 60 s: done, and kept open\n +next +glitchkeeper restore --confirm, or glitchkeeper restore --undo/));
  it('beside the live one: how to look at it, and how it goes', () => expect(lines({ current: restoring('Aside', {}) })).toMatch(/next +database \.\.\._restored_20260601t115800z, with psql: docs\/restore\.md says how; then glitchkeeper restore --undo/));
  it('the last, and what was refused', () => {
    const text = lines({ last: { id: '20260501T000000Z', at: '2026-05-01T00:10:00Z', result: 'Failed', why: 'Checking: fetch: NoCopy' }, refused: { request: 'undo', at: '2026-06-01T11:00:00Z', why: 'There is no restore to undo.' } });
    expect(text).toMatch(/last +restore 20260501T000000Z failed, and everything is as it was: Checking: fetch: NoCopy \(31 d ago\)\n +refused +"undo" \(60 min ago\): There is no restore to undo\./);
  });
  it('nothing, where there never was one', () => expect(lines({})).toBe(''));
});

it('the end says what comes next', () => {
  const text = describeEnd({ kind: 'unconfirmed', restore: restoring('Unconfirmed', { saved: '20260601T115900Z' }), message: 'copy X is live' }, plain);
  expect(text).toMatch(/^copy X is live\nlook at it +glitchkeeper open\nkeep it +glitchkeeper restore --confirm: drops the other database\ngo back +glitchkeeper restore --undo: what came since is given to it, too\nwhat was live before is in copy 20260601T115900Z, too$/);
  for (const kind of ['timed out', 'left'] as const) expect(describeEnd({ kind, message: 'Restoring, loads' }, plain)).toMatch(/goes on without this program.*Restoring, loads\nglitchkeeper restore --follow/);
});
