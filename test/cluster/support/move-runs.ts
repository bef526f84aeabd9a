// Asks for the steps of a move as a person does, by the commands of the runbook, and times them.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { SettingsInput } from '../../../charts/settings/schema.js';
import type { MoveReason, MoveStatus } from '../../../operator/api/move-fields.js';
import { MOVE_ANNOTATION } from '../../../operator/api/object-names.js';
import { recordMeasurement } from '../../support/measurements.js';
import { asBuilt, blocksOf, runCommands } from './runbook.js';
import { cli, cliSays } from './cli.js';
import { printFigure } from './fault-report.js';
import { glitchTip } from './requested-rotations.js';
import type { Stack } from './stack.js';
import { waitFor, when } from './wait.js';

export const RUNBOOK = 'docs/runbooks/migrate-from-sentry.md';

/** Of the sections of the runbook, in its order. */
export const COMMANDS = {
  takenUp: () => blocksOf(RUNBOOK, 'Before')[2] ?? '',
  plan: () => blocksOf(RUNBOOK, 'Before')[3] ?? '',
  start: () => blocksOf(RUNBOOK, 'Both in parallel')[0] ?? '',
  export: () => blocksOf(RUNBOOK, 'Both in parallel')[1] ?? '',
  compare: () => blocksOf(RUNBOOK, 'Both in parallel')[2] ?? '',
  cutover: () => blocksOf(RUNBOOK, 'Cut over')[0] ?? '',
  rollback: () => blocksOf(RUNBOOK, 'Cut over')[1] ?? '',
  finish: () => blocksOf(RUNBOOK, 'Finish')[0] ?? '',
  removeToken: () => blocksOf(RUNBOOK, 'Finish')[1] ?? '',
} as const;
const ASKS: readonly (keyof typeof COMMANDS)[] = ['start', 'cutover', 'finish'];

/** A block of the runbook, word for word but for the program as it is built, and asked by nobody. */
export function typed(stack: Stack, command: keyof typeof COMMANDS, folder: string): Promise<string> {
  return runCommands(stack, `cd ${folder}; ${asBuilt(COMMANDS[command]())}${ASKS.includes(command) ? ' --yes' : ''}`);
}

/** The manifests with this old server, taken up by the operator. @returns a new folder with the token, where the commands are typed */
export async function offerMove(stack: Stack, move: SettingsInput['move'], token: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-move-'));
  await writeFile(join(folder, 'token'), token, { mode: 0o600 });
  await stack.apply(await stack.synthesize('move', { move }));
  await stack.rolledOut();
  await typed(stack, 'takenUp', folder);
  return folder;
}

export async function moveStatus(stack: Stack): Promise<MoveStatus> {
  return (await glitchTip(stack)).move ?? {};
}

/** The request is in the resource, and the operator has not taken it off yet. */
export async function untilAsked(stack: Stack, turn: 'cutover' | 'rollback' | 'finish'): Promise<void> {
  await waitFor<true>({ what: `${turn} to be asked for`, seconds: 60, every: 0.2 }, async () => {
    const { metadata: { annotations = {} } } = JSON.parse(await stack.kubectl('get', 'gt', 'glitchtip', '--output', 'json')) as { metadata: { annotations?: Record<string, string> } };
    return when(annotations[MOVE_ANNOTATION] === turn, String(annotations[MOVE_ANNOTATION]));
  });
}

/** The operator has written the phase; the gateway may not have confirmed it yet. */
export async function untilPhase(stack: Stack, phase: string): Promise<void> {
  await waitFor<true>({ what: `the move to be ${phase}`, seconds: 120, every: 0.1 }, async () => {
    const found = (await moveStatus(stack)).current?.phase ?? 'nothing';
    return when(found === phase, found);
  });
}

/** The reason of MoveHealthy is, or becomes, this one. */
export async function untilReason(stack: Stack, wanted: MoveReason): Promise<void> {
  await waitFor<true>({ what: `MoveHealthy to say ${wanted}`, seconds: 90 }, async () => {
    const { conditions = [] } = await glitchTip(stack);
    const reason = conditions.find(({ type }) => type === 'MoveHealthy')?.reason ?? 'nothing';
    return when(reason === wanted, reason);
  });
}

/** The DSN here of an imported project, by its name there, such as acme/backend. */
export async function newDsnOf(stack: Stack, name: string): Promise<string> {
  const { dsns } = JSON.parse(await cli(stack, 'migrate', 'export', '--json')) as { dsns: readonly { readonly name?: string; readonly new?: string }[] };
  const dsn = dsns.find((each) => each.name === name)?.new;
  if (dsn === undefined) throw new Error(`the export has no new DSN of ${name}`);
  return dsn;
}

/** A step by the CLI. @returns seconds until it was in force, by the person's watch */
export async function step(stack: Stack, turn: 'cutover' | 'rollback' | 'finish'): Promise<number> {
  const began = Date.now();
  await cli(stack, 'migrate', turn, '--yes', '--json');
  return (Date.now() - began) / 1_000;
}

/**
 * A step, and when the other one led: the first event that came under it.
 * @param goal seconds from the command on. @param rate events a second that come meanwhile
 */
export async function timedTurn(stack: Stack, turn: 'cutover' | 'rollback', { rate, goal, ask }: { readonly rate: number; readonly goal: number; readonly ask: () => Promise<unknown> }): Promise<void> {
  const began = Date.now();
  await ask();
  const confirmed = (Date.now() - began) / 1_000;
  const led = await waitFor<number>({ what: 'the first event under the other one', seconds: 60, every: 0.2 }, async () => {
    const at = await ledAt(stack);
    return at === undefined || at < began ? { seen: String(at) } : { found: at };
  });
  const value = (led - began) / 1_000;
  printFigure(`${turn} at ${rate} events/s: confirmed after ${confirmed.toFixed(1)} s, first event after ${value.toFixed(1)} s`);
  recordMeasurement({ what: `${turn} at ${rate} events/s, from the command to the first event that the other one leads`, value, unit: 's', goal });
  expect(value).toBeLessThanOrEqual(goal);
}

/** When the first event under the present leader came; undefined: none yet. */
async function ledAt(stack: Stack): Promise<number | undefined> {
  // Exits with another code while the old one is away.
  const said = await cliSays(stack, 'migrate', 'status', '--json');
  const { gateway } = JSON.parse(said === '' ? '{}' : said) as { gateway?: { ledAt?: string } };
  return gateway?.ledAt === undefined ? undefined : Date.parse(gateway.ledAt);
}
