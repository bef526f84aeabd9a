// Which of its own passwords the operator tries, and in which order.
import { describe, expect, it } from '@jest/globals';

import type { ObservedJournal } from '../../../../../operator/core/rotation/journal.js';
import { postgresLogins, valkeyPasswords } from '../../../../../operator/core/credentials/operator-logins.js';
import { VALUE_NAMES, type Values } from '../../../../../operator/core/rotation/journal.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { ABSENT, present } from './credentials-scenarios.js';

const NONE: ObservedJournal = { kind: 'absent' };
const values = (value: string) => Object.fromEntries(VALUE_NAMES.map((name) => [name, new Sensitive(name.startsWith('operator') ? value : 'other')])) as unknown as Values;
const journalOf = (previous: string, next: string): ObservedJournal =>
  ({ kind: 'present', resourceVersion: '1', keys: [], journal: { history: [], values: { previous: values(previous), next: values(next) } } });

describe('the passwords that are tried', () => {
  it.each<[string, string | undefined, ObservedJournal, string[]]>([
    ['none, before there is a Secret', undefined, NONE, []],
    ['that of the Secret, without a rotation', 'p', NONE, ['published p']],
    ['that of the Secret, then the new one', 'old', journalOf('old', 'new'), ['published old', 'next new']],
    ['the new one and then the old one, once the Secret has the new one', 'new', journalOf('old', 'new'), ['published new', 'previous old']],
    ['all three, when the Secret has one of its own', 'own', journalOf('old', 'new'), ['published own', 'next new', 'previous old']],
    ['those of the journal, when the Secret is gone', undefined, journalOf('old', 'new'), ['next new', 'previous old']],
    ['one, when it is not rotated', 'old', journalOf('old', 'old'), ['published old']],
    ['none that is empty', '', journalOf('', 'new'), ['next new']],
    ['that of the Secret, while the journal cannot be read', 'p', { kind: 'unreadable', why: '403' }, ['published p']],
    ['that of the Secret, while the journal is malformed', 'p', { kind: 'malformed', why: 'record' }, ['published p']],
  ])('are %s', (_, password, journal, wanted) => {
    const secret = password === undefined ? ABSENT.postgres : present({ password });
    const sources = { secrets: { ...ABSENT, postgres: secret, valkey: secret }, journal };
    const logins = postgresLogins(sources);
    expect(logins.map(({ via, password: tried }) => `${via} ${tried.reveal()}`)).toEqual(wanted);
    expect(valkeyPasswords(sources).map((tried) => tried.reveal())).toEqual(wanted.map((login) => login.split(' ')[1]));
    expect(logins.every(({ user }) => user === 'glitchkeeper')).toBe(true);
  });
});
