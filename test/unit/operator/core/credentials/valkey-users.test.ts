// Whether Valkey has the passwords of its Secret, and what is said of it.
import { describe, expect, it } from '@jest/globals';

import type { ObservedValkey } from '../../../../../operator/core/credentials/observed.js';
import { judgeValkeyUsers, planValkeyUsers } from '../../../../../operator/core/credentials/valkey-users.js';
import { buildUsersFile } from '../../../../../operator/core/credentials/generated-secrets.js';
import { ABSENT, present } from './credentials-scenarios.js';

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string];
const has = (application: string[], operator: string[]): ObservedValkey => ({ kind: 'observed', passwords: { application, operator } });
const withFile = (text: string) => ({ ...ABSENT, valkey: present({ 'users.acl': text, password: 'p' }) });
const fileOf = (application: string[], operator: string[]) => withFile(buildUsersFile({ application, operator }).reveal());

describe('Valkey', () => {
  it.each<[string, ReturnType<typeof withFile>, ObservedValkey]>([
    ['has what the file says', fileOf([A], [B]), has([A], [B])],
    ['has both of what the file says, in another order', fileOf([B, A], [C]), has([A, B], [C])],
    ['does not answer', fileOf([A], [B]), { kind: 'unreachable', why: 'ECONNREFUSED' }],
    ['refuses the operator', fileOf([A], [B]), { kind: 'refused' }],
    ['was not observed', fileOf([A], [B]), { kind: 'not observed' }],
    ['is not there', ABSENT, { kind: 'none' }],
    ['has a Secret that is not there', ABSENT, has([A], [B])],
    ['has a file without the application', withFile(`user glitchkeeper on #${B} ~* &* +@all\n`), has([A], [B])],
    ['has a file without the operator, who would be locked out', withFile(`user default on #${A} ~* &* +@all\n`), has([C], [B])],
    ['has a file with a password in it instead of its hash', withFile(`user default on >plain ~* +@all\nuser glitchkeeper on #${B} +@all\n`), has([C], [B])],
  ])('that %s is left alone', (_, secrets, valkey) => expect(planValkeyUsers({ secrets, valkey })).toBeUndefined());

  it.each<[string, ObservedValkey]>([
    ['the application has another one', has([C], [B])],
    ['the application has one more', has([A, C], [B])],
    ['the application has none', has([], [B])],
    ['the operator has one more', has([A], [B, C])],
  ])('gets the passwords of its file when %s', (_, valkey) => expect(planValkeyUsers({ secrets: fileOf([A], [B]), valkey })).toEqual({ application: [A], operator: [B] }));
});

describe('the condition QueueHealthy', () => {
  it.each<[string, ObservedValkey, boolean, string]>([
    ['without Valkey', { kind: 'none' }, false, 'True QueueInDatabase'],
    ['without a password', { kind: 'not observed' }, false, 'Unknown NotObserved'],
    ['without an answer', { kind: 'unreachable', why: 'ECONNREFUSED' }, false, 'False Unreachable'],
    ['when refused', { kind: 'refused' }, false, 'False OperatorLoginRefused'],
    ['with other passwords', has([C], [B]), true, 'False PasswordsDiffer'],
    ['with the right ones', has([A], [B]), false, 'True PasswordsMatch'],
  ])('%s is %4$s', (_, valkey, corrected, wanted) => {
    const { type, status, reason, message } = judgeValkeyUsers(valkey, corrected ? { application: [A], operator: [B] } : undefined);
    expect([type, `${status} ${reason}`]).toEqual(['QueueHealthy', wanted]);
    for (const hash of [A, B, C]) expect(message).not.toContain(hash);
  });
});
