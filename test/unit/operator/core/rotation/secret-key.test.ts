// Old SECRET_KEYs: each line has an end, and nothing that is no such line lets anybody in.
import { describe, expect, it } from '@jest/globals';

import { fallbacksAfter, unexpiredFallbacks } from '../../../../../operator/core/rotation/secret-key.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';

/** 1,000 seconds after the epoch. */
const NOW = new Date(1_000_000);
const after = (current: string, previousKey: string, graceHours: number) => fallbacksAfter(new Sensitive(current), new Sensitive(previousKey), { now: NOW, graceHours }).reveal();
const left = (current: string) => unexpiredFallbacks(new Sensitive(current), NOW).reveal();

describe('the keys that are accepted after a rotation', () => {
  it.each<[string, string, string, number, string]>([
    ['the old one, until its grace ends', '', 'old', 1, '4600:old\n'],
    ['the old one first, then those whose time is not over', '1001:older\n', 'old', 1, '4600:old\n1001:older\n'],
    ['none whose time is over', '999:older\n1000:just-now\n', 'old', 1, '4600:old\n'],
    ['not the old one without a grace', '', 'old', 0, ''],
    ['without a grace those of an earlier one, to their end', '1001:older\n', 'old', 0, '1001:older\n'],
    ['a key with colons, whole', '2000:a:b:\n', ':c:d', 1, '4600::c:d\n2000:a:b:\n'],
    ['a key of every sign that Django puts into one', '', 'a!@#$%^&*(-_=+)', 1, '4600:a!@#$%^&*(-_=+)\n'],
    ['no key with a space: each of its words would become one, and could be guessed', '', 'correct horse', 1, ''],
    ['no empty key', '', '', 1, ''],
  ])('are %s', (_, current, key, ...[grace, wanted]) => expect(after(current, key, grace)).toBe(wanted));
});

describe('the file of old keys', () => {
  it.each<[string, string, string]>([
    ['keeps what is not over', '1001:a\n2000:b\n', '1001:a\n2000:b\n'],
    ['loses what is over', '1000:a\n2000:b\n', '2000:b\n'],
    ['is empty at the end', '999:a\n', ''],
    ['is empty when it was', '', ''],
    ['loses a key without an end', 'key\n2000:b\n', '2000:b\n'],
    ['loses an end without a key', '2000:\n2000:b\n', '2000:b\n'],
    ['loses an end that is no number', 'soon:a\n-2000:a\n2e9:a\n2000.5:a\n2000:b\n', '2000:b\n'],
    ['loses two words in a line', '2000:a b\n2000:b\n', '2000:b\n'],
    ['bears other ends of lines', '2000:a\r\n\n  2000:b', '2000:a\n2000:b\n'],
  ])('%s', (_, current, wanted) => expect(left(current)).toBe(wanted));
});
