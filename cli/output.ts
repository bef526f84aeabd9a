// What a command writes: text for a person or JSON for a program, with colours only where a person sees them.
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import type { Failure } from './failure.js';
import { openScreen, type Screen } from './live/terminal-screen.js';
import { safeJson } from './safe-text.js';

export type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';
/** Colours a text, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

export const plain: Paint = (_, text) => text;

export interface Output {
  readonly json: boolean;
  readonly paint: Paint;
  /** What was asked for, to standard output. */
  readonly print: (text: string) => void;
  /** One line of JSON, to standard output. */
  readonly printJson: (value: object) => void;
  /** What is said beside it, to standard error. */
  readonly say: (text: string) => void;
  /** Undefined when there is nobody to ask. */
  readonly agree: (question: string) => Promise<boolean | undefined>;
  /** Absent where there is no terminal to draw on. */
  readonly openScreen?: () => Screen;
}

export function openOutput(json: boolean): Output {
  // hasColors knows NO_COLOR, FORCE_COLOR and dumb terminals.
  const coloured = !json && process.stdout.isTTY && process.stdout.hasColors();
  return {
    json,
    paint: coloured ? (colour, text) => styleText(colour, text) : plain,
    print: (text) => console.log(text),
    printJson: (value) => console.log(safeJson(value)),
    say: (text) => console.error(text),
    agree: askOnTerminal,
    openScreen: process.stdout.isTTY && !json ? () => openScreen(process.stdout) : undefined,
  };
}

async function askOnTerminal(question: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

export function printFailure(output: Output, { kind, message }: Failure): void {
  if (output.json) output.printJson({ error: { kind, message } });
  else output.say(message);
}
