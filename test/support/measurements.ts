// What tests measured, kept for the records of a soak: a JSON line each, in the file that GLITCHKEEPER_MEASUREMENTS names.
import { appendFileSync } from 'node:fs';

export interface Measurement {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What the project promises of it; undefined: it is only told. */
  readonly goal?: number;
}

/** Does nothing where nobody asked for it. */
export function recordMeasurement(measurement: Measurement): void {
  const file = process.env.GLITCHKEEPER_MEASUREMENTS;
  if (file !== undefined && file !== '') appendFileSync(file, `${JSON.stringify(measurement)}\n`);
}
