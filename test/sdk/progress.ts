// Shows what is going on: one line that is written over on a terminal, lines of their own everywhere else.
import type { Row } from './verify-report.js';
import { seconds } from './statistics.js';

/** Where progress goes: process.stderr, so that a JSON report on stdout stays clean. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

// A log needs to know that the test is alive, not every second of it.
const LINES_EVERY_MS = 5000;

export class Progress {
  private lastNote = 0;

  constructor(private readonly stream: ProgressStream) {}

  suite(name: string): void {
    this.line(`\n${name}`);
  }

  started(id: string, name: string): void {
    this.lastNote = Date.now();
    if (this.stream.isTTY === true) this.over(`  ... ${id} ${name}`);
  }

  note(id: string, text: string): void {
    if (this.stream.isTTY === true) {
      this.over(`  ... ${id} ${text}`);
    } else if (Date.now() - this.lastNote >= LINES_EVERY_MS) {
      this.lastNote = Date.now();
      this.line(`  ... ${id} ${text}`);
    }
  }

  finished({ id, name, result, milliseconds }: Row): void {
    this.line(`  ${result.padEnd(13)} ${id} ${name} (${seconds(milliseconds)})`);
  }

  line(text: string): void {
    this.stream.write(this.stream.isTTY === true ? `\r\u001b[K${text}\n` : `${text}\n`);
  }

  private over(text: string): void {
    this.stream.write(`\r\u001b[K${text.slice(0, (this.stream.columns ?? 80) - 1)}`);
  }
}
