// A rotation under load, and what has to hold of each: no event lost, nobody locked out, the old values revoked.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { SECRETS } from '../../../charts/part-names.js';
import type { Phase } from '../../../operator/api/rotation-fields.js';
import type { GlitchTipSession } from '../../sdk/glitchtip-session.js';
import type { LoadReport } from '../../sdk/load.js';
import { recordMeasurement } from '../../support/measurements.js';
import { printFigure } from '../support/fault-report.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { acceptedLogins, readLogins, stillAccepted, type Logins } from '../support/logins.js';
import { killMain } from '../support/out-of-memory.js';
import { lifeOf, presentPod, type Part } from '../support/parts.js';
import { rotate, type Ended } from '../support/requested-rotations.js';
import { answersTo, signIn } from '../support/sessions.js';
import { settleStored } from '../support/stored-events.js';
import type { Stack } from '../support/stack.js';
import type { Installed } from './on-pods.js';

/** Events a second. */
export const RATE = 60;
const SETTLE_MS = 3_000;

/** A rotation that has ended, and the load beside it. */
export interface Run {
  readonly ended: Ended;
  readonly report: LoadReport;
  /** Those of before. */
  readonly old: Logins;
}

export class RotationRuns {
  readonly stack: Stack;
  private baseUrl = '';

  /** @param rate events a second */
  constructor(readonly installed: Installed, private readonly rate = RATE) {
    this.stack = installed.stack;
  }

  async prepare(): Promise<void> {
    await this.stack.rolledOut();
    this.baseUrl = await this.stack.baseUrl();
  }

  async rotateUnderLoad(name: string, request: string, during?: (phase: Phase) => Promise<void>): Promise<Run> {
    const { stack, installed: { canaries, dsn } } = this;
    await stack.ready();
    const old = await readLogins(stack);
    const load = startLoad(stack.cluster, { dsn: dsn(), baseUrl: this.baseUrl, rate: this.rate, seconds: 700 });
    await sleep(SETTLE_MS);
    const ended = await rotate(stack, request, { seconds: 600, during: async (phase) => {
      await canaries.collect();
      await during?.(phase);
    } });
    await canaries.collect();
    await sleep(SETTLE_MS);
    load.stop();
    const report = await load.report;
    tellLoad(name, report);
    printFigure(`${name}: ${ended.result} after ${ended.seconds.toFixed(0)} s`);
    recordMeasurement({ what: `rotation, ${name}`, value: Math.round(ended.seconds), unit: 's' });
    return { ended, report, old };
  }

  /** It completed, every event was accepted and is stored, and no old login is let in. */
  async expectNothingLost({ ended, report, old }: Run): Promise<void> {
    expect(ended.result).toBe('Completed');
    await this.expectAllStored(report);
    expect(await stillAccepted(this.stack, old)).toEqual([]);
  }

  async expectAllStored(report: LoadReport): Promise<void> {
    const { stored, lost, accepted } = await settleStored(this.stack, report);
    const refused = report.events.filter(({ outcome }) => outcome.kind !== 'accepted').map(({ outcome }) => outcome);
    expect({ refused, stored, lost }).toEqual({ refused: [], stored: accepted, lost: [] });
  }

  /** A server that is away refuses with 5xx, or web does not answer; what was accepted is stored all the same. */
  async expectOnlyServerErrors({ ended, report, old }: Run, young: ReadonlySet<number> = new Set()): Promise<void> {
    const { stack, installed: { dsn } } = this;
    const { stored, lost, accepted } = await settleStored(stack, report, young);
    printFigure(`${report.events.length - accepted} of ${report.events.length} refused, ${lost.length} of ${accepted} accepted ones lost, ${stored} stored`);
    expect({ result: ended.result, lost: lost.filter((number) => !young.has(number)) }).toEqual({ result: 'Completed', lost: [] });
    expect(await stillAccepted(stack, old)).toEqual([]);
    await stack.ready();
    const afterwards = await startLoad(stack.cluster, { dsn: dsn(), baseUrl: this.baseUrl, rate: 20, seconds: 10 }).report;
    expect((await settleStored(stack, afterwards)).stored).toBe(afterwards.events.length);
  }

  /** Of these logins, those that are let in. */
  accepted(logins: Logins): Promise<string[]> {
    return acceptedLogins(this.stack, logins);
  }

  /** kill -9. @returns when */
  kill(part: Part): Promise<number> {
    return killMain(this.stack, part);
  }

  async lives(parts: readonly Part[]): Promise<unknown> {
    const pods = await this.stack.pods();
    return parts.map((part) => ({ part, life: lifeOf(presentPod(pods, part)) }));
  }

  /** As the administrator. */
  async signIn(): Promise<GlitchTipSession> {
    return signIn(this.stack, { email: await this.email(), password: await this.administratorPassword() });
  }

  answersTo(session: GlitchTipSession): Promise<number[]> {
    return answersTo(this.stack, session);
  }

  email(): Promise<string> {
    return this.stack.secret(SECRETS.administrator, 'email');
  }

  administratorPassword(): Promise<string> {
    return this.stack.secret(SECRETS.administrator, 'password');
  }
}
