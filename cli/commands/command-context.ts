// What every command of the CLI is given, and what it gives back.
import type { Output } from '../output.js';
import type { Place } from '../glitchtip-resource-access.js';

export interface Context {
  readonly place: Place;
  readonly output: Output;
}

/** 0: it is so, or was done; 1: it is not so, or was not done; 2: it could not be found out, or not be asked for. */
export type ExitCode = number;
