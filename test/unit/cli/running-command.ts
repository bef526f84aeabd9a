// Runs a command of the CLI inside the test, and keeps what it writes.
import { plain } from '../../../cli/output.js';
import { run } from '../../../cli/program.js';

export interface Ran {
  readonly code: number;
  readonly printed: string;
  /** Each line of JSON that was printed. */
  readonly json: readonly Record<string, unknown>[];
  readonly notes: string;
}

export interface Person {
  /** What the person answers, and does before; undefined: there is no terminal. */
  readonly agrees?: boolean | (() => Promise<boolean>);
  /** When the person presses Ctrl-C; called with the lines printed so far. */
  readonly until?: (printed: readonly string[]) => Promise<void>;
}

export async function runCli(args: readonly string[], { agrees, until }: Person = {}): Promise<Ran> {
  const printed: string[] = [];
  const notes: string[] = [];
  const code = await run('glitchkeeper', args, {
    openOutput: (json) => ({
      json, paint: plain,
      print: (text) => printed.push(text), printJson: (value) => printed.push(JSON.stringify(value)), say: (text) => notes.push(text),
      agree: () => (typeof agrees === 'function' ? agrees() : Promise.resolve(agrees)),
    }),
    until: () => until?.(printed) ?? Promise.resolve(),
  });
  return {
    code, printed: printed.join('\n'), notes: notes.join('\n'),
    get json() { return printed.map((line) => JSON.parse(line) as Record<string, unknown>); },
  };
}
