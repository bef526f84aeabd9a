// Asks for an upgrade as a person does, by the CLI, and does something in each of its phases.
import { setTimeout as sleep } from 'node:timers/promises';
import type { UpgradePhase, UpgradeStatus } from '../../../operator/api/upgrade-fields.js';
import { cli } from './cli.js';
import { printFigure } from './fault-report.js';
import { glitchTip } from './requested-rotations.js';
import type { Stack, Synthesized } from './stack.js';

export async function upgradeStatus(stack: Stack): Promise<UpgradeStatus> {
  return (await glitchTip(stack)).upgrade ?? {};
}

interface Run {
  /** Of the release that it leads to, or back to: the command applies them. */
  readonly manifests?: Synthesized;
  /** Called once with each phase, while it lasts. */
  readonly during?: (phase: UpgradePhase) => Promise<unknown>;
}

/**
 * `glitchkeeper upgrade` to its end, whatever that is; how long each phase took is printed.
 * @returns what it printed. @throws execa's error when it does not exit with 0
 */
export async function upgrade(stack: Stack, args: readonly string[], { manifests, during = () => Promise.resolve() }: Run = {}): Promise<string> {
  const began = Date.now();
  const state = { isOver: false };
  const running = cli(stack, 'upgrade', ...args, ...(manifests ? ['--manifests', manifests.folder] : []), '--yes').finally(() => { state.isOver = true; });
  // It is awaited below, after what is done meanwhile.
  running.catch(() => undefined);
  const seen = new Map<UpgradePhase, number>();
  while (!state.isOver) {
    const phase = await upgradeStatus(stack).then(({ current }) => current?.phase, () => undefined);
    if (phase !== undefined && !seen.has(phase)) {
      seen.set(phase, Date.now() - began);
      await during(phase);
    }
    await sleep(200);
  }
  if (manifests) stack.noteApplied(manifests);
  const told = [...seen].map(([phase, at]) => `${phase} at ${(at / 1_000).toFixed(0)} s`).join(', ');
  printFigure(`upgrade ${args.join(' ')}: ${told}; ended after ${((Date.now() - began) / 1_000).toFixed(0)} s`);
  return running;
}
