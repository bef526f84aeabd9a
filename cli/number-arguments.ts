// Numbers that a person types.
import { Failure } from './failure.js';

/** @throws Failure that names the flag, what it takes and what was found */
export function wholeNumber(flag: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) throw new Failure('usage', `${flag}: expected a whole number from 1 to ${most}, found "${text}"`);
  return value;
}
