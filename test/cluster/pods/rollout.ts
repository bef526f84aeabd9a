// A new image under load: web is rolled and no event is refused or lost.
import { describe, expect, it } from '@jest/globals';
import { glitchtipImage } from '../../../charts/parts/application-container.js';
import { settleStored } from '../support/stored-events.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { printFigure } from '../support/fault-report.js';
import type { Stack } from '../support/stack.js';

const RATE = 60;
/** Seconds of load at about twice that rate: what a steady web takes says how much room the rollout had. */
const STEADY_SECONDS = 15;
const SETTLE_MS = 5_000;
/** Another name of the very same image: for Kubernetes a new version, with a migrate Job of its own. */
const ALIAS = 'docker.io/glitchtip/glitchtip:5.2.1-test';

export function describeRollout(stack: Stack, dsn: () => string): void {
  describe('a rolling update of web', () => {
    it('starts from a web that takes twice the rate', async () => {
      const baseUrl = await stack.baseUrl();
      const report = await startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: 2 * RATE, seconds: STEADY_SECONDS }).report;
      const { sent, accepted } = tellLoad('steady', report);
      const lasted = Math.max(...report.events.map(({ answeredAt }) => answeredAt)) - report.startedAt;
      printFigure(`steady: answered at ${((1000 * accepted) / lasted).toFixed(0)} events/s`);
      expect(accepted).toBe(sent);
      expect((await settleStored(stack, report)).lost).toEqual([]);
    }, 900_000);

    it(`loses nothing at ${RATE} events/s while settings.yaml, synth and kubectl apply bring a new image`, async () => {
      await stack.ready();
      const [before, jobs] = [await stack.pod('web'), await jobNames(stack)];
      await stack.cluster.ctr('images', 'tag', '--force', glitchtipImage(stack.manifests.settings), ALIAS);
      const baseUrl = await stack.baseUrl();
      const load = startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: RATE, seconds: 300 });
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const started = Date.now();
      await stack.apply(await stack.synthesize('update', { images: { glitchtip: ALIAS } }));
      await stack.rolledOut(240);
      await stack.kubectl('wait', '--for=delete', `pod/${before.container.pod}`, '--timeout=60s');
      printFigure(`rolled out, the old web gone, after ${((Date.now() - started) / 1000).toFixed(0)} s`);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      load.stop();
      const report = await load.report;
      const counts = tellLoad('rolling update', report);
      expect(counts).toEqual({ sent: counts.sent, accepted: counts.sent, losses: {} });
      expect((await stack.pod('web')).uid).not.toBe(before.uid);
      expect(await jobNames(stack)).toHaveLength(jobs.length + 1);
      const { stored, lost } = await settleStored(stack, report);
      expect({ stored, lost }).toEqual({ stored: counts.sent, lost: [] });
    }, 900_000);
  });
}

async function jobNames(stack: Stack): Promise<string[]> {
  return (await stack.kubectl('get', 'jobs', '--output', 'jsonpath={.items[*].metadata.name}')).split(' ');
}
