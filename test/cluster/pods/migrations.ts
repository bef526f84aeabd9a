// The migrate Job and its neighbours: one that cannot start makes room for the corrected one, and one that works is not cut off by a leak.
import { describe, expect, it } from '@jest/globals';
import { glitchtipImage } from '../../../charts/parts/application-container.js';
import { printFigure } from '../support/fault-report.js';
import { acceptedLogins, readLogins } from '../support/logins.js';
import { glitchTip, rotate } from '../support/requested-rotations.js';
import type { Stack } from '../support/stack.js';
import { waitFor } from '../support/wait.js';
import type { Installed } from './on-pods.js';

const MISTYPED = 'docker.io/glitchtip/glitchtip:5.2.1-mistyped';
/** Another name of the very same image. */
const CORRECTED = 'docker.io/glitchtip/glitchtip:5.2.2-test';
/** Two minutes until it is given up, a check, and the Job controller's pause before it tries again. Seconds. */
const REPLACED_WITHIN = 300;
const AT_WORK_SECONDS = 150;
const SLOW = 'migrate-slow';
const HOPELESS = 'migrate-hopeless';

interface Job {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly template: { readonly spec: { readonly initContainers: readonly { readonly name: string }[] } } };
  readonly status?: { readonly succeeded?: number };
}

export function describeMigrations({ stack, canaries }: Installed): void {
  describe('the migrate Job', () => {
    it('of a mistyped image makes room for the corrected one', async () => {
      const before = await names(stack);
      await stack.apply(await stack.synthesize('mistyped', { images: { glitchtip: MISTYPED } }));
      const [hopeless = ''] = (await names(stack)).filter((name) => !before.includes(name));
      await imageNotPulled(stack, hopeless);
      await stack.cluster.ctr('images', 'tag', '--force', glitchtipImage(stack.manifests.settings), CORRECTED);
      const started = Date.now();
      await stack.apply(await stack.synthesize('corrected', { images: { glitchtip: CORRECTED } }));
      const [corrected = ''] = (await names(stack)).filter((name) => ![...before, hopeless].includes(name));
      await done(stack, corrected, REPLACED_WITHIN);
      printFigure(`the corrected migrate Job was done after ${((Date.now() - started) / 1000).toFixed(0)} s`);
      // Where the quota has room for both, the corrected one does not wait for it.
      await waitFor({ what: `${hopeless} to be deleted`, seconds: REPLACED_WITHIN }, async () => {
        const left = await names(stack);
        return left.includes(hopeless) ? { seen: left.join(', ') } : { found: true };
      });
      await stack.rolledOut(300);
      await stack.ready();
    }, 900_000);

    it('that is at work keeps its login through a rotation for a compromise, which ends when it has ended', async () => {
      await canaries.collect();
      await slowMigration(stack);
      let [doneAt, keptAt] = [0, 0];
      const waiting = done(stack, SLOW, AT_WORK_SECONDS + 120).then(() => { doneAt = Date.now(); });
      const ended = await rotate(stack, 'compromised', { seconds: AT_WORK_SECONDS + 300, during: async (phase) => {
        if (phase !== 'Retiring') return;
        const said = await waitFor<string>({ what: 'the old login to be kept', seconds: 60 }, async () => {
          const message = (await glitchTip(stack)).rotation?.current?.message ?? '';
          return /^migration migrate-slow still uses/.test(message) ? { found: message } : { seen: message };
        });
        printFigure(said);
        keptAt = Date.now();
      } });
      await waiting;
      await canaries.collect();
      expect([ended.result, ended.seconds * 1_000 > AT_WORK_SECONDS * 500, keptAt > 0, keptAt < doneAt]).toEqual(['Completed', true, true, true]);
      await stack.ready();
    }, 900_000);

    it('that cannot start holds up no rotation: neither one that is asked for, nor one for a compromise, which keeps no login for it', async () => {
      await createAnother(stack, HOPELESS, { image: MISTYPED });
      try {
        await imageNotPulled(stack, HOPELESS);
        // It is waited for until it is given up; the next one for a compromise may begin five minutes after the one before.
        for (const [request, seconds] of [['postgres', REPLACED_WITHIN], ['compromised', 2 * REPLACED_WITHIN]] as const) {
          const old = await readLogins(stack);
          const ended = await rotate(stack, request, { seconds, during: async () => { await canaries.collect(); } });
          printFigure(`beside a migrate Job that cannot start, ${request}: ${ended.result} after ${ended.seconds.toFixed(0)} s`);
          await canaries.collect();
          expect(ended.result).toBe('Completed');
          expect(await acceptedLogins(stack, old)).not.toContain(`postgres ${old[0]?.user ?? ''}`);
        }
        const { status = {} } = JSON.parse(await stack.kubectl('get', 'job', HOPELESS, '--output', 'json')) as Job;
        expect(status.succeeded ?? 0).toBe(0);
      } finally {
        await stack.kubectl('delete', 'job', HOPELESS, '--ignore-not-found');
      }
      await stack.ready();
    }, 1_200_000);
  });
}

/** A container that migrates, and takes its time with a session in Postgres. */
async function slowMigration(stack: Stack): Promise<void> {
  const session = `import django, time\ndjango.setup()\nfrom django.db import connection\nconnection.ensure_connection()\ntime.sleep(${AT_WORK_SECONDS})`;
  const command = ['python', '-c', `import os\nos.environ["DATABASE_POOL"] = "False"\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "glitchtip.settings")\n${session}`];
  await createAnother(stack, SLOW, { command });
  await waitFor({ what: `${SLOW} to run`, seconds: 120 }, async () => {
    const state = await stack.kubectl('get', 'pods', '--selector', `batch.kubernetes.io/job-name=${SLOW}`, '--output', 'jsonpath={.items[*].status.initContainerStatuses[*].state}');
    return state.includes('running') ? { found: true } : { seen: state };
  });
}

/** The newest migrate Job once more, with its container that migrates changed so. */
async function createAnother(stack: Stack, name: string, change: object): Promise<void> {
  const { items } = JSON.parse(await stack.kubectl('get', 'jobs', '--selector', 'app.kubernetes.io/component=migrate', '--sort-by', 'metadata.creationTimestamp', '--output', 'json')) as { items: readonly Job[] };
  const newest = items.at(-1);
  if (!newest) throw new Error('there is no migrate Job');
  const { template: { spec } } = newest.spec;
  const initContainers = spec.initContainers.filter((container) => container.name === 'migrate').map((container) => ({ ...container, ...change }));
  const labels = { 'app.kubernetes.io/component': 'migrate', 'app.kubernetes.io/name': 'glitchtip', 'app.kubernetes.io/part-of': 'glitchtip' };
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, labels }, spec: { activeDeadlineSeconds: 1_800, template: { metadata: { labels }, spec: { ...spec, initContainers } } } };
  await stack.cluster.kubectl(['--namespace', stack.namespace, 'create', '-f', '-'], JSON.stringify(job));
}

async function imageNotPulled(stack: Stack, job: string): Promise<void> {
  await waitFor({ what: `the image of ${job} not to be pulled`, seconds: 120 }, async () => {
    const reasons = await stack.kubectl('get', 'pods', '--selector', `batch.kubernetes.io/job-name=${job}`, '--output', 'jsonpath={.items[*].status.initContainerStatuses[*].state.waiting.reason}');
    return /ImagePull/.test(reasons) ? { found: true } : { seen: reasons };
  });
}

async function names(stack: Stack): Promise<string[]> {
  return (await stack.kubectl('get', 'jobs', '--selector', 'app.kubernetes.io/component=migrate', '--output', 'jsonpath={.items[*].metadata.name}')).split(' ').filter((name) => name !== '');
}

async function done(stack: Stack, name: string, seconds: number): Promise<void> {
  await waitFor({ what: `Job ${name} to be done`, seconds }, async () => {
    const { status = {} } = JSON.parse(await stack.kubectl('get', 'job', name, '--output', 'json')) as Job;
    return (status.succeeded ?? 0) > 0 ? { found: true } : { seen: JSON.stringify(status) };
  });
}
