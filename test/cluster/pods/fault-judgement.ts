// Whether the operator was in time: by its own checks where other suites share the machine, by the clock in the soak.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { recordMeasurement } from '../../support/measurements.js';
import type { Alert } from '../support/alerts.js';
import { printFigure } from '../support/fault-report.js';
import type { Fault } from '../support/faults.js';
import { checksSoFar, type Pace } from '../support/health-checks.js';
import type { Stack } from '../support/stack.js';

export type JudgedBy = 'checks' | 'seconds';

/** From the fault to the alert at the default settings; a start that Kubernetes allows comes on top. Seconds. */
const GOAL = 60;
/** The kubelet reports a pod to the API server within this, and three checks on two busy cores are late by as much. Seconds. */
const SLACK = 10;
/** One that was under way when the fault happened, and one that ended before this test read their number. */
const MORE_CHECKS = 2;
/** While something starts, or is suspect, at most so often. Seconds. */
const BUSY_EVERY = 4;

/** A fault that was made to happen. */
export class Injection {
  private constructor(readonly fault: Fault, private readonly stack: Stack, readonly since: number, private readonly before: number) {}

  static async make(fault: Fault, { stack, dsn }: { readonly stack: Stack; readonly dsn: string }): Promise<Injection> {
    const [before, since] = [await checksSoFar(stack), Date.now()];
    await fault.inject(stack, dsn);
    return new Injection(fault, stack, since, before);
  }

  /** Checks of the operator since then; all of its checks if it is another process by now. */
  async checks(): Promise<number> {
    const now = await checksSoFar(this.stack);
    return now < this.before ? now : now - this.before;
  }

  /** Resolves when it has lasted as long as it is to be borne. */
  async outlast(): Promise<void> {
    await sleep(Math.max(0, (this.fault.bearableFor ?? 0) * 1_000 - (Date.now() - this.since)));
  }
}

/** Nobody waits longer than for the checks that the settings ask for. */
export function opensInTime({ fault }: Injection, { seconds }: Alert, { judgedBy, pace, checks }: { readonly judgedBy: JudgedBy; readonly pace: Pace; readonly checks: number }): void {
  const { what, allowance = 0 } = fault;
  printFigure(`${what}: reported after ${seconds.toFixed(0)} s, ${checks} checks`);
  const goal = GOAL + SLACK + allowance;
  recordMeasurement({ what: `${what}: reported`, value: Math.round(seconds), unit: 's', ...(judgedBy === 'seconds' ? { goal } : {}) });
  if (judgedBy === 'seconds') expect(seconds).toBeLessThan(goal);
  else expect(checks).toBeLessThanOrEqual(pace.failuresToOpen + MORE_CHECKS + Math.ceil(allowance / BUSY_EVERY));
}
