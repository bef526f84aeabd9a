// A terminal that is drawn on again and again: the alternate screen, so that what was there before is there again afterwards.
import { stripVTControlCharacters } from 'node:util';
import sliceAnsi from 'slice-ansi';

/** What is drawn on; a pipe has none. */
export interface Screen {
  /** Draws from the first line on; what does not fit is left out. */
  readonly draw: (text: string) => void;
  /** Calls back when its size changed. */
  readonly onResize: (redraw: () => void) => void;
  /** Gives the terminal and its cursor back. */
  readonly close: () => void;
}

/** The part of a terminal's stream that is used here. */
export interface Terminal {
  readonly rows: number;
  readonly columns: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

const OPEN = '\x1b[?1049h\x1b[?25l';
const CLOSE = '\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
/** From the cursor to the end of the line, and to the end of the screen. */
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

export function openScreen(terminal: Terminal): Screen {
  const listeners: (() => void)[] = [];
  // However the program ends, the cursor must not stay hidden.
  const close = (): void => {
    process.off('exit', close);
    for (const listener of listeners) terminal.off('resize', listener);
    terminal.write(CLOSE);
  };
  process.on('exit', close);
  terminal.write(OPEN);
  return {
    draw: (text) => terminal.write(frame(text, terminal)),
    onResize: (redraw) => {
      listeners.push(redraw);
      terminal.on('resize', redraw);
    },
    close,
  };
}

/** One write, each line cleared behind itself: nothing flickers, and nothing of a longer line stays. */
export function frame(text: string, { rows, columns }: Pick<Terminal, 'rows' | 'columns'>): string {
  const lines = text.split('\n').flatMap((line) => wrapped(line, columns));
  const shown = lines.length <= rows ? lines : [...lines.slice(0, Math.max(0, rows - 1)), sliceAnsi(`(${lines.length - rows + 1} more lines: make the window taller)`, 0, columns)];
  return `${HOME}${shown.map((line) => `${line}${CLEAR_LINE}`).join('\n')}${CLEAR_BELOW}`;
}

const INDENT = '    ';

/** Broken between two words, the rest indented: what is to be done must not be cut off. */
function wrapped(line: string, columns: number): string[] {
  const plain = stripVTControlCharacters(line);
  if (plain.length <= columns || columns <= INDENT.length) return [sliceAnsi(line, 0, columns)];
  const indent = plain.length - plain.trimStart().length;
  const space = plain.lastIndexOf(' ', columns);
  const cut = space > indent ? space : columns;
  const rest = sliceAnsi(line, cut + plain.slice(cut).search(/\S|$/));
  return [sliceAnsi(line, 0, cut), ...(rest === '' ? [] : wrapped(`${INDENT}${rest}`, columns))];
}
