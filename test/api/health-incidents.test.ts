// Incidents over real servers: what the kubelet reports, Postgres answers and web shows becomes one message by its root cause, at the third
// failed check, and one more when it is over. What needs pods for it is in test/cluster and test/soak.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { GatewayStatus } from '../../gateway/control/control-answers.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPLACED_WITHIN } from '../../operator/core/health/part-state.js';
import { CANNOT_START_AFTER } from '../../operator/core/operations/job-state.js';
import { expiringIn } from '../support/certificate.js';
import { describeAlertDelivery } from './alert-delivery.js';
import { START_MS } from './control-plane.js';
import { IDLE } from './gateway-double.js';
import { dropPartitions, makePartitions } from './glitchtip-tables.js';
import { HealthStage, TLS_SECRET } from './health-stage.js';
import { ReportedPods, ago, running, waiting, type Report } from './reported-pods.js';
import { WebDouble } from './web-double.js';

const PAGE = '<html><script src="static/main.js"></script></html>';
/** Checks that open an incident, and those without its cause that close it: the defaults. */
const [TO_OPEN, TO_CLOSE] = [3, 2];
/** Longer than a part may be without a pod. */
const PODLESS_MS = (REPLACED_WITHIN + 1) * 1_000;
/** The most that an incident goes on before the operator repairs it. Checks. */
const REPAIRED_WITHIN = 15;

let health: HealthStage;
let pods: ReportedPods;
/** What listens on the address of a second pod of web. */
let second: WebDouble;
let stopOthers: () => Promise<void> = () => Promise.resolve();

interface Scenario {
  readonly what: string;
  /** As the chat shows it: severity, reason, part. */
  readonly message: string;
  readonly make: () => Promise<unknown>;
  readonly repair: () => Promise<unknown>;
  /** The operator does it, by a Job: `repair` is what that Job does. */
  readonly repairedByJob?: true;
}

const SCENARIOS: readonly Scenario[] = [
  {
    what: 'a new image of web cannot be pulled', message: '🟡 ImageNotFound, web',
    make: () => secondWeb(waiting('ErrImagePull')), repair: () => pods.remove('web-2'),
  },
  {
    what: 'a new web does not allow its host', message: '🟡 HostNotAllowed, web',
    make: () => answeringWeb({ status: 400 }), repair: () => pods.remove('web-2'),
  },
  {
    what: 'a new web answers later than its probe waits', message: '🟡 TimeoutTooShort, web',
    make: () => answeringWeb({ status: 200, delay: 1_300 }, { timeoutSeconds: 1 }), repair: () => pods.remove('web-2'),
  },
  {
    what: 'the pages of the front end are missing', message: '🟡 StaticFilesMissing, web',
    make: () => Promise.resolve(health.web.pages.delete('/static/main.js')), repair: showPages,
  },
  {
    what: 'the worker ends again and again', message: '🔴 CrashLoop, worker',
    make: async () => {
      health.gateway.front.fate = 'lose';
      await pods.report('worker', 'worker-1', { main: { ...waiting('CrashLoopBackOff'), restarts: 4, lastState: ended(137) } });
    },
    repair: workerWell,
  },
  {
    what: 'the worker is scaled to nothing', message: '🔴 WorkerDown, worker',
    make: async () => {
      health.gateway.front.fate = 'lose';
      await scaleWorker(0);
      await pods.remove('worker-1');
    },
    repair: async () => {
      await scaleWorker(1);
      await pods.makeReady('worker', health.webAddress(9));
      health.gateway.front.fate = 'store';
    },
  },
  {
    what: 'more events come than are stored, and the queue grows', message: '🟡 Backlog, worker',
    make: async () => {
      health.gateway.front.fate = 'lose';
      stopOthers = health.storeOthers();
      await health.queueTasks(300);
    },
    repair: async () => {
      await stopOthers();
      await health.queueTasks(0);
      health.gateway.front.fate = 'store';
    },
  },
  {
    what: 'the gateway has no pod', message: '🔴 GatewayDown, gateway',
    make: async () => {
      health.gateway.front.fate = 'refuse';
      await pods.remove('gateway-1');
      // A rollout's new pod may be as late as this.
      await health.check();
      health.clock.pass(PODLESS_MS);
    },
    repair: async () => {
      health.gateway.front.fate = 'store';
      await pods.makeReady('gateway', health.webAddress(3));
    },
  },
  {
    what: "the gateway's disk fills, for GlitchTip takes nothing", message: '🟡 SpoolFilling, gateway',
    make: () => gatewaySays({ spool: { ...IDLE.spool, liveBytes: 0.6 * IDLE.spool.limitBytes }, window: { allowedBytes: 0, closed: 'a 5xx' } }), repair: () => gatewaySays({}),
  },
  {
    what: 'the gateway set something aside', message: '🟡 EventsSetAside, gateway',
    make: () => gatewaySays({ setAside: 2 }), repair: () => gatewaySays({}),
  },
  {
    what: 'the gateway has another token than its Secret', message: '🟡 GatewaySilent, gateway',
    make: () => changeToken((token) => `${token}!`), repair: () => changeToken((token) => token.slice(0, -1)),
  },
  {
    what: 'partitions from tomorrow on are gone', message: '🔴 PartitionsMissing, postgres',
    make: () => health.sql(dropPartitions(1, 7)), repair: () => health.sql(makePartitions(1, 7)), repairedByJob: true,
  },
  {
    what: 'a new worker waits for migrations that nobody runs', message: '🔴 MigrationsPending, postgres',
    make: async () => {
      health.gateway.front.fate = 'lose';
      await pods.report('worker', 'worker-1', { main: waiting('PodInitializing'), init: running(120) });
    },
    repair: workerWell, repairedByJob: true,
  },
  {
    what: 'the certificate has ended', message: '🔴 CertificateExpired, certificate',
    make: async () => {
      await putCertificate(-1);
      // One that had long to go is read hourly.
      health.clock.pass(3_600_000);
    },
    repair: () => putCertificate(90),
  },
];

beforeAll(async () => {
  health = await HealthStage.open();
  pods = new ReportedPods(health.stage);
  await pods.startAll((part) => health.webAddress({ web: 1, gateway: 3 }[part as string] ?? 9));
  await putCertificate(90);
  await showPages();
  second = new WebDouble(() => Promise.resolve());
  await second.listen(health.webAddress(2), 8080);
}, START_MS);
afterAll(async () => {
  second.stop();
  await health.close();
}, 60_000);
beforeEach(async () => {
  await health.forget();
  await health.check();
  expect(health.shown()).toEqual([]);
});

describe('an incident', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.what, scenario] as const))('%s', async (_, { message, make, repair, repairedByJob }) => {
    const before = await pods.jobs();
    await make();
    await health.checks(TO_OPEN - 1);
    expect(health.shown()).toEqual([]);
    await health.check();
    expect(health.shown()).toEqual([message]);
    const jobs = repairedByJob ? await untilRepaired(before) : [];
    await repair();
    for (const name of jobs) await pods.finishJob(name);
    await health.checks(TO_CLOSE);
    expect(health.shown()).toEqual([message, message.replace(/^\S+/, '✅')]);
    // Nobody but who is to repair it did.
    expect((await pods.jobs()).length).toBe(before.length + jobs.length);
  }, 120_000);
});

it('the gateway is told once when the worker began', async () => {
  const { length } = health.gateway.workerStarts;
  await pods.report('worker', 'worker-1', { ready: true, address: health.webAddress(9), main: running(3_600) });
  await health.checks(2);
  expect(health.gateway.workerStarts.slice(length)).toHaveLength(1);
  expect(Date.now() - Date.parse(health.gateway.workerStarts.at(-1) ?? '')).toBeGreaterThan(3_590_000);
});

it('a migrate Job that cannot start goes once a newer one needs its room, and one that works stays', async () => {
  const before = await pods.jobs();
  const first = before.find((name) => name.startsWith('migrate-')) ?? '';
  await pods.copyJob(first, ['migrate-hopeless', 'migrate-at-work']);
  await pods.makeOfJob('migrate-hopeless', waiting('ImagePullBackOff'));
  await pods.makeOfJob('migrate-at-work', running(60));
  // Kubernetes dates to the second.
  await sleep(1_100);
  await pods.copyJob(first, ['migrate-corrected']);
  health.clock.pass(CANNOT_START_AFTER * 1_000);
  await health.check();
  expect((await pods.jobs()).filter((name) => !before.includes(name)).sort()).toEqual(['migrate-at-work', 'migrate-corrected']);
  for (const name of ['migrate-at-work', 'migrate-corrected']) await pods.finishJob(name);
  for (const name of ['migrate-hopeless-1', 'migrate-at-work-1']) await pods.remove(name);
}, 120_000);

describeAlertDelivery(() => health);

/** Checks on until the operator has made a Job. @returns its name */
async function untilRepaired(before: readonly string[]): Promise<readonly string[]> {
  for (let each = 0; each < REPAIRED_WITHIN; each += 1) {
    const made = (await pods.jobs()).filter((name) => !before.includes(name));
    if (made.length > 0) return made;
    await health.check();
  }
  throw new Error(`no Job after ${REPAIRED_WITHIN} checks`);
}

function showPages(): Promise<void> {
  for (const path of ['/_health/', '/', '/static/main.js']) health.web.pages.set(path, { status: 200, body: PAGE });
  return Promise.resolve();
}

async function secondWeb(main: Report, probe?: object): Promise<void> {
  await pods.make('web', 'web-2', probe);
  await pods.report('web', 'web-2', { address: health.webAddress(2), main });
}

/** A second pod of web, past its start, that answers its own probe so. */
async function answeringWeb(page: { status: number; delay?: number }, probe?: object): Promise<void> {
  second.pages.set('/_health/', page);
  await secondWeb(running(200), probe);
}

async function workerWell(): Promise<void> {
  await pods.report('worker', 'worker-1', { ready: true, address: health.webAddress(9), main: running(7_200) });
  health.gateway.front.fate = 'store';
}

function gatewaySays(changes: Partial<GatewayStatus>): Promise<void> {
  health.gateway.status = { ...IDLE, ...changes };
  return Promise.resolve();
}

function changeToken(change: (token: string) => string): Promise<void> {
  health.gateway.token = change(health.gateway.token);
  return Promise.resolve();
}

async function scaleWorker(replicas: number): Promise<void> {
  await health.stage.kubectl(['scale', 'deployment/worker', `--replicas=${replicas}`]);
}

function ended(exitCode: number): object {
  return { terminated: { exitCode, reason: 'Error', startedAt: ago(40), finishedAt: ago(20) } };
}

/** `days` before its end. */
async function putCertificate(days: number): Promise<void> {
  const { certificate } = await expiringIn(days);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: TLS_SECRET }, stringData: { 'tls.crt': certificate } };
  await health.stage.kubectl(['apply', '-f', '-'], JSON.stringify(secret));
}
