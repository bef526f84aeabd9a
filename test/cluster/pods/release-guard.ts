// A changed `version` on real pods: 6.2 applied to a database of 5.2 migrates nothing, loses nothing, and is told; 5.2 applied again goes on.
import { expect, it } from '@jest/globals';
import { glitchtipImage } from '../../../charts/parts/application-container.js';
import { WAIT_FOR_DATABASE } from '../../../operator/api/object-names.js';
import { printFigure } from '../support/fault-report.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { glitchTip } from '../support/requested-rotations.js';
import type { Stack } from '../support/stack.js';
import { settleStored, sql } from '../support/stored-events.js';
import { waitFor } from '../support/wait.js';
import type { Installed } from './on-pods.js';

/** Another name of the double of 5.2: its pods do not come further than the guard, which looks at the database. */
const SIX = 'docker.io/glitchtip/glitchtip:6.2.6-test';
const RATE = 20;
/** So long the queue has no worker: 2,400 events, a third of what Valkey holds. Seconds. */
const HELD_SECONDS = 120;
const REFUSAL = /waiting: the database is of GlitchTip 5\.2, this is 6\.2, and nothing is changed: set version back to 5\.2 and apply/;

export function describeReleaseGuard({ stack, dsn }: Installed): void {
  it('6.2 applied to a database of 5.2, twice, changes nothing in it, and 5.2 applied again stores what came meanwhile', async () => {
    const migrations = () => sql(stack, 'SELECT count(*), max(id) FROM django_migrations');
    const before = await migrations();
    await stack.cluster.ctr('images', 'tag', '--force', glitchtipImage(stack.manifests.settings), SIX);
    const load = startLoad(stack.cluster, { dsn: dsn(), baseUrl: await stack.baseUrl(), rate: RATE, seconds: 900 });
    const six = await stack.synthesize('six', { version: '6.2', images: { glitchtip: SIX } });
    for (let times = 0; times < 2; times += 1) await stack.apply(six);
    for (const [of, container] of [[await newestJob(stack), WAIT_FOR_DATABASE], ['deployment/web', 'wait-for-migrations'], ['deployment/worker', 'wait-for-migrations']] as const) await says(stack, of, container);
    await waitFor({ what: 'ReleaseMismatch to be told', seconds: 60 }, async () => {
      const incidents = ((await glitchTip(stack)).health?.incidents ?? []).map(({ reason }) => reason);
      return incidents.includes('ReleaseMismatch') ? { found: incidents } : { seen: incidents.join(', ') };
    });
    await new Promise((resolve) => setTimeout(resolve, HELD_SECONDS * 1_000));
    expect(await migrations()).toEqual(before);

    await stack.apply(stack.manifests);
    await stack.rolledOut(300);
    await waitFor({ what: 'the Job of 6.2 to be deleted', seconds: 180 }, async () => {
      const jobs = await stack.kubectl('get', 'jobs', '--selector', 'app.kubernetes.io/component=migrate,app.kubernetes.io/version=6.2', '--output', 'name');
      return jobs.trim() === '' ? { found: true } : { seen: jobs };
    });
    load.stop();
    const report = await load.report;
    const { sent, accepted } = tellLoad('6.2 applied by mistake', report);
    printFigure(`${accepted} of ${sent} accepted while pods of 6.2 waited`);
    expect((await settleStored(stack, report)).lost).toEqual([]);
    await waitFor({ what: 'the incident to end', seconds: 120 }, async () => {
      const incidents = (await glitchTip(stack)).health?.incidents ?? [];
      return incidents.length === 0 ? { found: true } : { seen: incidents.map(({ reason }) => reason).join(', ') };
    });
  }, 1_500_000);
}

async function newestJob(stack: Stack): Promise<string> {
  const names = (await stack.kubectl('get', 'jobs', '--selector', 'app.kubernetes.io/component=migrate', '--sort-by', 'metadata.creationTimestamp', '--output', 'name')).trim().split('\n');
  return names.at(-1) ?? '';
}

function says(stack: Stack, of: string, container: string): Promise<unknown> {
  return waitFor({ what: `${of} to say why it waits`, seconds: 180 }, async () => {
    const log = await stack.kubectl('logs', of, '--container', container).catch((error: unknown) => String(error));
    return REFUSAL.test(log) ? { found: true } : { seen: log.slice(-300) };
  });
}
