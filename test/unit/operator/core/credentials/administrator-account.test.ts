// What the administrator's Secret shows to people, against the account: a table.
import { describe, expect, it } from '@jest/globals';
import { judgeAdministratorAccount } from '../../../../../operator/core/credentials/administrator-account.js';
import type { ObservedAdministrator } from '../../../../../operator/core/credentials/observed.js';
import { ABSENT, conditionOf, planOf, present, secretsOf, specOf } from '../../operator-scenarios.js';

const ACCEPTED: ObservedAdministrator = { kind: 'accepted' };
const REFUSED: ObservedAdministrator = { kind: 'refused' };
const named = (email: string) => present({ email, password: 'admin' });

describe('the condition AdministratorCurrent', () => {
  it.each<[string, ObservedAdministrator | undefined, ReturnType<typeof named>, string]>([
    ['the account accepts the password', ACCEPTED, named('admin@example.com'), 'True AdministratorSignsIn'],
    ['it refuses it, as after the Secret was deleted', REFUSED, named('admin@example.com'), 'False AdministratorPasswordRefused'],
    ['it refuses it, and the setting was changed: the password first', REFUSED, named('other@example.com'), 'False AdministratorPasswordRefused'],
    ['the setting was changed', ACCEPTED, named('other@example.com'), 'False AdministratorEmailDiffers'],
    ['there is no such account', { kind: 'absent' }, named('admin@example.com'), 'False AdministratorAbsent'],
    ['its address is that of an ordinary account', { kind: 'ordinary', isLed: false }, named('admin@example.com'), 'False AdministratorOrdinary'],
    ['its address is that of an ordinary account beside an administrator', { kind: 'ordinary', isLed: true }, named('admin@example.com'), 'False AdministratorOrdinary'],
    ['there is no table yet', { kind: 'not tried' }, named('admin@example.com'), 'Unknown NotObserved'],
    ['Postgres does not answer', undefined, named('admin@example.com'), 'Unknown NotObserved'],
    ['there is no Secret yet', undefined, ABSENT, 'Unknown NotObserved'],
  ])('%s', (_, administrator, secret, wanted) => {
    const { type, status, reason, message } = judgeAdministratorAccount(specOf({ administrator: { email: 'admin@example.com' } }), { secrets: secretsOf({ administrator: secret }), administrator });
    expect([type, `${status} ${reason}`]).toEqual(['AdministratorCurrent', wanted]);
    expect(message).not.toMatch(/password admin\b/);
  });

  it.each([[false, 'there is no administrator'], [true, 'another one is the administrator']])('says of an ordinary account whether somebody leads (%s)', (isLed, words) => {
    expect(judgeAdministratorAccount(specOf({}), { secrets: secretsOf({ administrator: named('admin@example.com') }), administrator: { kind: 'ordinary', isLed } }).message).toContain(words);
  });

  it('is reported, and Ready does not wait for it', () => {
    const made = planOf({});
    expect([conditionOf(made, 'AdministratorCurrent'), conditionOf(made, 'Ready')]).toEqual(['Unknown NotObserved', 'True AllWell']);
  });
});
