// The journal as its Secret holds it: what was written is read again, and what cannot be understood is said without a value.
import { describe, expect, it } from '@jest/globals';

import { decodeJournal, encodeJournal, VALUE_NAMES, type Journal, type Values } from '../../../../../operator/core/rotation/journal.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { worldIn } from './rotation-scenarios.js';

const values = (set: string) => Object.fromEntries(VALUE_NAMES.map((name) => [name, new Sensitive(`canary ${set} ${name}`)])) as unknown as Values;
const VALUES = { previous: values('previous'), next: values('next') };
const ROTATION = {
  id: '20260102T030405Z-abcdef', trigger: 'request', credentials: ['postgres'], phase: 'Rolling', requestedAt: '2026-01-02T03:04:05Z', startedAt: '2026-01-02T03:04:06Z',
  since: '2026-01-02T03:05:00Z', attempt: 1, requestPending: false, podsBefore: { web: null, worker: 'before' }, sessionsEnded: false,
} as const;
const STARTED = { rotation: { ...ROTATION, credentials: [...ROTATION.credentials] }, history: [], values: VALUES } satisfies Journal;
const WAITING = { ...STARTED, rotation: { ...STARTED.rotation, phase: 'Waiting' }, values: undefined } satisfies Journal;
const FINISHED = { history: [{ id: 'a', trigger: 'schedule', credentials: ['valkey'], startedAt: 's', finishedAt: 'f', result: 'Completed', message: '' }], lastCompletedAt: 'f' } satisfies Journal;

const revealed = (journal: Journal) => ({ ...journal, values: journal.values && Object.entries(journal.values).map(([set, names]) => [set, Object.entries(names).map(([name, value]) => [name, value.reveal()])]) });
function read(data: ReadonlyMap<string, Sensitive>): Journal {
  const decoded = decodeJournal(data);
  if (decoded.kind === 'invalid') throw new Error(decoded.why);
  return decoded.journal;
}
const withRecord = (record: string, journal: Journal = STARTED) => new Map([...encodeJournal(journal), ['record', new Sensitive(record)]]);
const changed = (rotation: object) => withRecord(JSON.stringify({ ...STARTED, values: undefined, rotation: { ...STARTED.rotation, ...rotation } }));
const without = (...keys: string[]) => new Map([...encodeJournal(STARTED)].filter(([key]) => !keys.includes(key)));

describe('a journal', () => {
  it.each<[string, Journal]>([
    ['of nothing', { history: [] }], ['of a rotation that waits', WAITING], ['of one that has started', STARTED], ['of one that has ended', FINISHED],
    ['as the plan writes it', worldIn('Proving').journal ?? { history: [] }],
  ])('%s is read as it was written', (_, journal) => {
    expect(revealed(read(encodeJournal(journal)))).toEqual(revealed(journal));
  });

  it('has its values in keys of their own, and none in the record', () => {
    const data = encodeJournal(STARTED);
    expect([...data.keys()]).toHaveLength(1 + 2 * VALUE_NAMES.length);
    expect(data.get('record')?.reveal()).not.toContain('canary');
  });

  it('has no key for a value when it has none', () => expect([...encodeJournal(FINISHED).keys()]).toEqual(['record']));

  it('takes an empty value for a value', () => {
    const empty = new Map([...encodeJournal(STARTED), ['next.SECRET_KEY_FALLBACKS', new Sensitive('')]]);
    expect(read(empty).values?.next.SECRET_KEY_FALLBACKS.reveal()).toBe('');
  });

  it('of an older version, which knows of no gateway and no backups, is read', () => {
    const { next } = read(without(...['previous', 'next'].flatMap((set) => VALUE_NAMES.filter((name) => /^(gateway|backup)-/.test(name)).map((name) => `${set}.${name}`)))).values ?? VALUES;
    expect([next.DATABASE_PASSWORD.reveal(), next['gateway-control-token'].reveal(), next['backup-database-password'].reveal()]).toEqual(['canary next DATABASE_PASSWORD', '', '']);
  });

  it('of one that waits needs no values, and takes no half of them', () => {
    expect(read(encodeJournal(WAITING)).values).toBeUndefined();
    const half = new Map([...encodeJournal(WAITING), ['previous.SECRET_KEY', new Sensitive('canary')]]);
    expect(read(half).values).toBeUndefined();
  });

  it.each<[string, ReadonlyMap<string, Sensitive>, RegExp]>([
    ['has no record', without('record'), /^record\./],
    ['has an empty record', withRecord(''), /^record\./],
    ['is no JSON', withRecord('{canary'), /^record\./],
    ['is JSON of something else', withRecord('"canary"'), /^record\./],
    ['has no history', withRecord('{"canary":1}'), /^record\.history$/],
    ['is in an unknown phase', changed({ phase: 'canary' }), /^record\.rotation\.phase$/],
    ['rotates an unknown credential', changed({ credentials: ['canary'] }), /^record\.rotation\.credentials\.0$/],
    ['has an unknown trigger and no attempt', changed({ trigger: 'canary', attempt: 'canary' }), /^record\.rotation\.trigger, record\.rotation\.attempt$/],
    ['has an unknown result', withRecord(JSON.stringify({ history: [{ ...FINISHED.history[0], result: 'canary' }] })), /^record\.history\.0\.result$/],
    ['has lost one new value', without('next.VALKEY_URL'), /^a rotation is under way and its values are missing$/],
    ['has lost one old value', without('previous.SECRET_KEY'), /^a rotation is under way and its values are missing$/],
    ['has lost every value', without(...VALUE_NAMES.flatMap((name) => [`previous.${name}`, `next.${name}`])), /^a rotation is under way and its values are missing$/],
  ])('that %s is invalid, and what is said holds no value', (_, data, why) => {
    const decoded = decodeJournal(data);
    expect(decoded).toEqual({ kind: 'invalid', why: expect.stringMatching(why) });
    expect(JSON.stringify(decoded)).not.toContain('canary');
  });
});
