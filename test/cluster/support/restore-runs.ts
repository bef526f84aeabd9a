// Asks for a restore as a person does, by the CLI, and does something in each of its phases.
import { setTimeout as sleep } from 'node:timers/promises';
import type { RestorePhase, RestoreStatus } from '../../../operator/api/restore-fields.js';
import { RESTORE_ENDING } from '../../../operator/core/restore/restore-names.js';
import { cli } from './cli.js';
import { printFigure } from './fault-report.js';
import { glitchTip } from './requested-rotations.js';
import type { Stack } from './stack.js';
import { sql } from './stored-events.js';

export async function restoreStatus(stack: Stack): Promise<RestoreStatus> {
  return (await glitchTip(stack)).restore ?? {};
}

/** Called once with each phase, while it lasts. */
type During = (phase: RestorePhase) => Promise<unknown>;

/**
 * `glitchkeeper restore` to its end, whatever that is.
 * @returns what it printed. @throws execa's error when it does not exit with 0
 */
export function restore(stack: Stack, args: readonly string[], during?: During): Promise<string> {
  return followed(stack, `restore ${args.join(' ')}`, () => cli(stack, 'restore', ...args, '--yes'), during);
}

/** The same of a command that somebody else types. @param what it is called in the log */
export async function followed(stack: Stack, what: string, command: () => Promise<string>, during: During = () => Promise.resolve()): Promise<string> {
  const began = Date.now();
  const state = { isOver: false };
  const running = command().finally(() => { state.isOver = true; });
  // It is awaited below, after what is done meanwhile.
  running.catch(() => undefined);
  const seen = new Set<RestorePhase>();
  while (!state.isOver) {
    const phase = await restoreStatus(stack).then(({ current }) => current?.phase, () => undefined);
    if (phase !== undefined && !seen.has(phase)) {
      seen.add(phase);
      await during(phase);
    }
    await sleep(200);
  }
  printFigure(`${what}: ${[...seen].join(', ')}; ${((Date.now() - began) / 1_000).toFixed(0)} s`);
  return running;
}

/** A mark in the database says which one is live: it is in a table of its own, which a copy has as any other. */
export async function mark(stack: Stack, name: string): Promise<void> {
  await sql(stack, `CREATE TABLE IF NOT EXISTS restore_marks (name text); ALTER TABLE restore_marks OWNER TO glitchtip; INSERT INTO restore_marks VALUES ('${name}')`);
}

export function marks(stack: Stack): Promise<string[]> {
  return sql(stack, 'SELECT name FROM restore_marks ORDER BY name');
}

/** Databases that a restore made or put aside. */
export function databasesOfRestores(stack: Stack): Promise<string[]> {
  return sql(stack, `SELECT datname FROM pg_database WHERE datname ~ '${RESTORE_ENDING}'`);
}
