// What is written to a terminal: one frame over the other, never more than fits, and everything given back.
import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { frame, openScreen } from '../../../../cli/live/terminal-screen.js';

const red = (text: string): string => `\x1b[31m${text}\x1b[39m`;

describe('a frame', () => {
  it('begins at the top, and clears behind each line and below the last', () => {
    expect(frame('a\nb', { rows: 5, columns: 10 })).toBe('\x1b[Ha\x1b[K\nb\x1b[K\x1b[J');
  });
  it.each<[string, string, number, string[]]>([
    ['breaks a long line between words, and indents the rest', 'one two three', 9, ['one two', '    three']],
    ['breaks a word that is longer than the window', 'abcdefghij', 8, ['abcdefgh', '    ij']],
    ['counts what is seen, and closes and opens colours', `${red('one two')} three`, 9, [red('one two'), '    three']],
    ['goes on with a colour', red('one two three'), 9, [red('one two'), `    ${red('three')}`]],
    ['leaves what fits', red('12345678'), 8, [red('12345678')]],
    ['cuts where there is no room for an indent', 'abcdef', 3, ['abc']],
  ])('%s', (_, line, columns, expected) => expect(frame(line, { rows: 9, columns })).toBe(`\x1b[H${expected.map((one) => `${one}\x1b[K`).join('\n')}\x1b[J`));
  it('has no more lines than the window, and says how many are missing', () => {
    expect(frame('a\nb\nc\nd', { rows: 3, columns: 60 })).toBe('\x1b[Ha\x1b[K\nb\x1b[K\n(2 more lines: make the window taller)\x1b[K\x1b[J');
  });
});

describe('a screen', () => {
  const terminal = () => {
    const written: string[] = [];
    return Object.assign(new EventEmitter(), { rows: 2, columns: 10, written, write: (text: string) => written.push(text) });
  };

  it('hides the cursor beside what was there before, and gives both back', () => {
    const one = terminal();
    const before = process.listenerCount('exit');
    openScreen(one).close();
    expect([one.written, process.listenerCount('exit')]).toEqual([['\x1b[?1049h\x1b[?25l', '\x1b[?25h\x1b[?1049l'], before]);
  });

  it('gives them back when the program ends in another way', () => {
    const one = terminal();
    openScreen(one);
    process.listeners('exit').at(-1)?.(0);
    expect(one.written.at(-1)).toBe('\x1b[?25h\x1b[?1049l');
  });

  it('redraws when its size changes, until it is closed', () => {
    const one = terminal();
    const screen = openScreen(one);
    let redrawn = 0;
    screen.onResize(() => { redrawn += 1; });
    one.emit('resize');
    screen.close();
    one.emit('resize');
    expect(redrawn).toBe(1);
  });
});
