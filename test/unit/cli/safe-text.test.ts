// What others wrote cannot do anything to a terminal.
import { describe, expect, it } from '@jest/globals';
import { safeJson, visible } from '../../../cli/safe-text.js';

describe('a text that others wrote', () => {
  it.each<[string, string, string]>([
    ['colours', '\u001b[31mred\u001b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
    ['a title of the window', '\u001b]0;mine\u0007', '\\u{1b}]0;mine\\u{7}'],
    ['the same in one character (C1)', '\u009b31m', '\\u{9b}31m'],
    ['a line that writes over another', 'good\rbad\u0008', 'good\\u{d}bad\\u{8}'],
    ['lines of its own', 'one\ntwo\u2028three', 'one\\u{a}two\\u{2028}three'],
    ['another direction', 'a\u202Ecod.exe', 'a\\u{202e}cod.exe'],
    ['what cannot be seen', 'a\u200Bb\u{E0041}', 'a\\u{200b}b\\u{e0041}'],
    ['half a character', 'a\uD800', 'a\\u{d800}'],
    ['deletes', 'a\u007f', 'a\\u{7f}'],
    ['ordinary text of any language', 'Größe 大小 🙂', 'Größe 大小 🙂'],
  ])('with %s shows it and does not do it', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
    const json = safeJson({ [text]: text });
    expect(visible(json)).toBe(json);
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ [text]: text })));
  });
});
