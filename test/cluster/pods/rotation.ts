// Rotations under load, undisturbed and with every disturbance: no event is lost, nobody is locked out, the old values are dead.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SECRETS } from '../../../charts/part-names.js';
import type { Phase } from '../../../operator/api/rotation-fields.js';
import { GlitchTipSession } from '../../sdk/glitchtip-session.js';
import type { LoadReport } from '../../sdk/load.js';
import { freezeApiServer } from '../support/api-server.js';
import { settleStored } from '../support/stored-events.js';
import { youngAt } from '../support/durability.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { readLogins, stillAccepted, type Logins } from '../support/logins.js';
import { processesOf } from '../support/out-of-memory.js';
import type { Part } from '../support/parts.js';
import { withForward } from '../support/project.js';
import { tell } from '../support/fault-report.js';
import { rotate, type Ended } from '../support/requested-rotations.js';
import type { Stack } from '../support/stack.js';
import { waitFor } from '../support/wait.js';
import type { Installed } from './on-pods.js';
import { describeQuiet } from './quiet.js';

const RATE = 60;
const SETTLE_MS = 5_000;
/** The goal is 90 s, idle and at this load, and `npm run bench -- rotation` measures it; here other suites share the processors. Seconds. */
const BOUND_SECONDS = 150;
const API_SERVER_DOWN_MS = 60_000;

/** A rotation under load. */
interface Run {
  readonly ended: Ended;
  readonly report: LoadReport;
  readonly old: Logins;
}

export function describeRotation({ stack, dsn, canaries, alerts }: Installed): void {
  describe(`rotations at ${RATE} events/s`, () => {
    let baseUrl = '';
    beforeAll(async () => {
      await stack.rolledOut();
      baseUrl = `http://${await stack.serviceAddress('web')}:8080`;
    }, 480_000);

    it('replaces everything: no event is refused or lost, neither server restarts, every old value is refused', async () => {
      const before = await lives(stack, ['postgres', 'valkey']);
      const run = await rotateUnderLoad('undisturbed', 'all');
      await expectNothingLost(run);
      expect(run.ended.seconds).toBeLessThan(BOUND_SECONDS);
      expect(await lives(stack, ['postgres', 'valkey'])).toEqual(before);
    }, 420_000);

    describe('sessions', () => {
      /** What the API and the part that compares a session with the key say; in this order, as the second one may renew the session. */
      const answersTo = (session: GlitchTipSession) => withForward(stack, async (url) => {
        const here = session.at(url);
        return [(await here.get('/api/0/organizations/')).status, (await here.get('/_allauth/browser/v1/auth/session')).status];
      });

      it('live on with a new SECRET_KEY for as long as the grace', async () => {
        const session = await login();
        expect(await answersTo(session)).toEqual([200, 200]);
        const old = (await stack.pod('web')).container.pod;
        await rotate(stack, 'secret-key');
        // A forwarded port may still lead to it while it ends.
        await stack.kubectl('wait', '--for=delete', `pod/${old}`, '--timeout=60s');
        expect(await answersTo(session)).toEqual([200, 200]);
      }, 300_000);

      it('end with `compromised`, and so do the administrator\'s old password and every old login', async () => {
        const session = await login();
        const password = await stack.secret(SECRETS.administrator, 'password');
        await expectNothingLost(await rotateUnderLoad('compromised', 'compromised'));
        expect(await answersTo(session)).toEqual([401, 401]);
        await withForward(stack, async (url) => {
          await expect(new GlitchTipSession(url).login(await email(), password)).rejects.toThrow('400');
          await new GlitchTipSession(url).login(await email(), await stack.secret(SECRETS.administrator, 'password'));
        });
      }, 420_000);

      async function login(): Promise<GlitchTipSession> {
        return withForward(stack, async (url) => {
          const session = new GlitchTipSession(url);
          await session.login(await email(), await stack.secret(SECRETS.administrator, 'password'));
          return session;
        });
      }

      function email(): Promise<string> {
        return stack.secret(SECRETS.administrator, 'email');
      }
    });

    it('goes on when the operator is killed (kill -9) in each phase', async () => {
      const killed: Phase[] = [];
      const run = await rotateUnderLoad('operator killed in each phase', 'all', async (phase) => {
        killed.push(phase);
        await kill('operator');
        // Its kubelet's pause doubles with each death; a new pod begins without one.
        if (killed.length % 2 === 0) await stack.kubectl('delete', 'pod', (await stack.pod('operator')).container.pod, '--wait=false');
      });
      tell(`killed in ${killed.join(', ')}`);
      expect(killed).toEqual(expect.arrayContaining(['Rolling', 'Retiring']));
      await expectNothingLost(run);
    }, 900_000);

    it('goes on while `kubectl apply -f dist/` is repeated in the middle of it', async () => {
      const printed: string[] = [];
      const run = await rotateUnderLoad('kubectl apply in the middle', 'all', async (phase) => {
        if (phase === 'Rolling') printed.push(...(await stack.apply()).split('\n'));
      });
      expect(printed.length).toBeGreaterThan(10);
      // It neither undoes the operator's work nor is told that anything differs.
      expect(printed.filter((line) => !/ unchanged$/.test(line))).toEqual([]);
      await expectNothingLost(run);
    }, 420_000);

    it('goes on with two operators', async () => {
      await stack.kubectl('scale', 'deployment/glitchkeeper', '--replicas=2');
      try {
        await stack.kubectl('rollout', 'status', 'deployment/glitchkeeper', '--timeout=120s');
        await expectNothingLost(await rotateUnderLoad('two operators', 'all', async (phase) => {
          if (phase === 'Rolling') await kill('operator');
        }));
      } finally {
        await stack.kubectl('scale', 'deployment/glitchkeeper', '--replicas=1');
        await stack.rolledOut();
      }
    }, 600_000);

    describeQuiet(alerts, 'whatever was rolled, and killed of the operator,');

    it(`goes on after the API server was away for ${API_SERVER_DOWN_MS / 1000} s`, async () => {
      const run = await rotateUnderLoad('API server down', 'all', async (phase) => {
        if (phase !== 'Rolling') return;
        await freezeApiServer(stack, API_SERVER_DOWN_MS);
        await waitFor({ what: 'the API server to answer', seconds: 60 }, async () => ({ found: await stack.kubectl('get', 'gt') }));
      });
      await expectNothingLost(run);
    }, 600_000);

    it('Valkey killed (kill -9) in the middle comes back accepting what is published, and the rotation completes', async () => {
      let killedAt = 0;
      const run = await rotateUnderLoad('Valkey killed', 'all', async (phase) => {
        if (phase === 'Rolling') killedAt = await kill('valkey');
      });
      await expectOnlyServerErrors(run, youngAt(run.report, killedAt));
    }, 600_000);

    it('Postgres killed (kill -9) in the middle comes back accepting what is published, and the rotation completes', async () => {
      const run = await rotateUnderLoad('Postgres killed', 'all', async (phase) => {
        if (phase === 'Rolling') await kill('postgres');
      });
      await expectOnlyServerErrors(run);
    }, 600_000);

    it('left several values of each credential behind, of which each is looked for below', async () => {
      const current = await canaries.collect();
      expect(canaries.all.length).toBeGreaterThan(3 * current.length);
    });

    afterAll(async () => {
      await stack.rolledOut();
    }, 480_000);

    async function rotateUnderLoad(name: string, request: string, during?: (phase: Phase) => Promise<void>): Promise<Run> {
      await stack.ready();
      const old = await readLogins(stack);
      const load = startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: RATE, seconds: 700 });
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
      tell(`${name}: ${ended.result} after ${ended.seconds.toFixed(0)} s`);
      return { ended, report, old };
    }

    async function expectNothingLost({ ended, report, old }: Run): Promise<void> {
      const { stored, lost, accepted } = await settleStored(stack, report);
      const refused = report.events.filter(({ outcome }) => outcome.kind !== 'accepted').map(({ outcome }) => outcome);
      expect({ result: ended.result, refused, stored, lost }).toEqual({ result: 'Completed', refused: [], stored: accepted, lost: [] });
      expect(await stillAccepted(stack, old)).toEqual([]);
    }

    /** A server that is away refuses with 5xx, or web does not answer; what was accepted is stored all the same. */
    async function expectOnlyServerErrors({ ended, report, old }: Run, young: ReadonlySet<number> = new Set()): Promise<void> {
      const { stored, lost, accepted } = await settleStored(stack, report, young);
      tell(`${report.events.length - accepted} of ${report.events.length} refused, ${lost.length} of ${accepted} accepted ones lost, ${stored} stored`);
      expect({ result: ended.result, lost: lost.filter((number) => !young.has(number)) }).toEqual({ result: 'Completed', lost: [] });
      expect(await stillAccepted(stack, old)).toEqual([]);
      await stack.ready();
      const afterwards = await startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: 20, seconds: 10 }).report;
      expect((await settleStored(stack, afterwards)).stored).toBe(afterwards.events.length);
    }

    /** @returns when */
    async function kill(part: Part): Promise<number> {
      const [main] = await processesOf(stack, part);
      if (main !== undefined) process.kill(main, 'SIGKILL');
      return Date.now();
    }
  });
}

async function lives(stack: Stack, parts: readonly Part[]): Promise<unknown> {
  const pods = await stack.pods();
  return parts.map((part) => ({ part, uid: pods.get(part)?.uid, restarts: pods.get(part)?.restarts }));
}
