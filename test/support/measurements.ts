// What tests measured, kept for the records of a soak: a JSON line each, in the file that GLITCHKEEPER_MEASUREMENTS names.
import { appendFileSync } from 'node:fs';

export interface Measurement {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What the project promises of it; undefined: it is only told. */
  readonly goal?: number;
}

/** An image of GlitchTip that the cluster had. */
export interface RanImage {
  readonly image: string;
  /** It was the tests' double (test/glitchtip-double), and not GlitchTip. */
  readonly isDouble: boolean;
}

/** Does nothing where nobody asked for it. */
export function recordMeasurement(measurement: Measurement): void {
  append(measurement);
}

/** As recordMeasurement. */
export function recordImage(image: RanImage): void {
  append(image);
}

function append(line: Measurement | RanImage): void {
  const file = process.env.GLITCHKEEPER_MEASUREMENTS;
  if (file !== undefined && file !== '') appendFileSync(file, `${JSON.stringify(line)}\n`);
}
