// A copy is named after the moment at which its run was due, in UTC: the name sorts by time, and no other clock is asked how old a copy is.
// zod/mini, as in report.ts: the operator reads both.
import * as z from 'zod/mini';

/** `20261129T023000Z`. */
export const copyNameSchema = z.string().check(z.refine((name) => parseCopyTime(name) !== undefined, { error: 'expected a time such as 20261129T023000Z' }));

/** To the second. */
export function copyNameOf(at: Date): string {
  return at.toISOString().replace(/[-:]|\.\d+/g, '');
}

/** Of a name that was checked. @throws RangeError for what is no name of a copy */
export function timeOfCopy(name: string): Date {
  const time = parseCopyTime(name);
  if (time === undefined) throw new RangeError(`expected the name of a copy, such as 20261129T023000Z, found ${name.slice(0, 40)}`);
  return time;
}

/** Of a name that somebody may have written by hand, as into a status; undefined for what is no time. */
export function parseCopyTime(name: string): Date | undefined {
  const iso = name.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6.000Z');
  const time = new Date(iso);
  // A day that no month has is another day to Date.
  return !Number.isNaN(time.getTime()) && time.toISOString() === iso ? time : undefined;
}
