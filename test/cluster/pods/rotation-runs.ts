// A rotation under load, and what has to hold of each: no event lost, nobody locked out, the old values revoked.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { SECRETS } from '../../../charts/part-names.js';
import type { ContainerReference } from '../../../embedded/index.js';
import { LEASE_NAME } from '../../../operator/api/object-names.js';
import type { Phase } from '../../../operator/api/rotation-fields.js';
import { GlitchTipSession } from '../../sdk/glitchtip-session.js';
import type { LoadReport } from '../../sdk/load.js';
import { recordMeasurement } from '../../support/measurements.js';
import { printFigure } from '../support/fault-report.js';
import { freeze } from '../support/frozen.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { acceptedLogins, readLogins, stillAccepted, type Logins } from '../support/logins.js';
import { killContainer, killMain } from '../support/out-of-memory.js';
import { lifeOf, presentPod, type Part } from '../support/parts.js';
import { withForward } from '../support/project.js';
import { rotate, type Ended } from '../support/requested-rotations.js';
import { settleStored } from '../support/stored-events.js';
import type { Stack } from '../support/stack.js';
import { waitFor } from '../support/wait.js';
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

export interface FrozenLeader {
  readonly frozen: string;
  /** Of the frozen one, until then. */
  readonly restarts: string;
  readonly next: string;
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
    this.baseUrl = `http://${await this.stack.serviceAddress('web')}:8080`;
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

  /** The operator that leads; of none the pod's name is empty. */
  async leader(): Promise<ContainerReference> {
    const lease = JSON.parse(await this.stack.get(`/apis/coordination.k8s.io/v1/namespaces/${this.stack.namespace}/leases/${LEASE_NAME}`)) as { spec: { holderIdentity: string } };
    return { namespace: this.stack.namespace, pod: lease.spec.holderIdentity, container: 'operator' };
  }

  /** kill -9 of the operator that leads. */
  async killLeader(): Promise<void> {
    await killContainer(this.stack, await this.leader());
  }

  /** The operator that leads hangs until the other one leads, and then goes on. @returns their pods */
  async freezeLeader(): Promise<FrozenLeader> {
    const frozen = await this.leader();
    const restarts = await this.restartsOf(frozen.pod);
    const goOn = await freeze(this.stack, frozen);
    try {
      const next = await waitFor<string>({ what: 'the other operator to lead', seconds: 120 }, async () => {
        const { pod } = await this.leader();
        return pod === frozen.pod || pod === '' ? { seen: pod } : { found: pod };
      });
      return { frozen: frozen.pod, restarts, next };
    } finally {
      goOn();
    }
  }

  /** Of a pod with one container. */
  restartsOf(pod: string): Promise<string> {
    return this.stack.kubectl('get', 'pod', pod, '--output', 'jsonpath={.status.containerStatuses[0].restartCount}');
  }

  async lives(parts: readonly Part[]): Promise<unknown> {
    const pods = await this.stack.pods();
    return parts.map((part) => ({ part, life: lifeOf(presentPod(pods, part)) }));
  }

  /** As the administrator. */
  async signIn(): Promise<GlitchTipSession> {
    return withForward(this.stack, async (url) => {
      const session = new GlitchTipSession(url);
      await session.login(await this.email(), await this.administratorPassword());
      return session;
    });
  }

  /** What the API and the part that compares a session with the key say; in this order, as the second one may renew the session. */
  answersTo(session: GlitchTipSession): Promise<number[]> {
    return withForward(this.stack, async (url) => {
      const here = session.at(url);
      return [(await here.get('/api/0/organizations/')).status, (await here.get('/_allauth/browser/v1/auth/session')).status];
    });
  }

  email(): Promise<string> {
    return this.stack.secret(SECRETS.administrator, 'email');
  }

  administratorPassword(): Promise<string> {
    return this.stack.secret(SECRETS.administrator, 'password');
  }
}
