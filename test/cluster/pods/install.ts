// From an empty cluster to a running stack, by the README's one line; and nobody can sign up on the way.
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SECRETS } from '../../../charts/part-names.js';
import { startSignUps, type SignUpReport } from '../support/inside.js';
import { printFigure } from '../support/fault-report.js';
import { PARTS } from '../support/parts.js';
import type { Stack } from '../support/stack.js';

/** The first addresses that the node gives to its pods: web's is among them, and is tried before it is Ready. */
const POD_ADDRESSES = Array.from({ length: 40 }, (_, index) => `10.244.0.${index + 2}`);

export function describeInstall(stack: Stack): void {
  describe('kubectl apply --warnings-as-errors -f dist/ on an empty cluster', () => {
    let seconds = 0;
    let signUps: SignUpReport | undefined;
    const applied: string[] = [];

    beforeAll(async () => {
      const strangers = startSignUps(stack.cluster, POD_ADDRESSES);
      const started = Date.now();
      applied.push(...(await stack.apply()).split('\n'));
      await stack.ready(420);
      seconds = (Date.now() - started) / 1000;
      strangers.stop();
      signUps = await strangers.report;
    }, 480_000);
    afterAll(() => printFigure(`from an empty cluster to all parts Ready: ${seconds.toFixed(0)} s`));

    it('brings every part up under PodSecurity restricted', async () => {
      const labels = await stack.kubectl('get', 'namespace', stack.namespace, '--output', 'jsonpath={.metadata.labels}');
      expect(JSON.parse(labels)).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
      expect([...(await stack.pods()).values()].filter(({ ready }) => ready)).toHaveLength(PARTS.length);
    });

    it('creates everything in one go: nothing was there before, and nothing is left out', async () => {
      const files = (await readdir(stack.manifests.folder)).filter((file) => file.endsWith('.yaml'));
      expect(files.length).toBeGreaterThan(0);
      expect(applied.filter((line) => !/ created$/.test(line))).toEqual([]);
    });

    it('has the operator create the Secrets', async () => {
      const names = await stack.kubectl('get', 'secrets', '--output', 'jsonpath={.items[*].metadata.name}');
      const { rotation, ...made } = SECRETS;
      expect(names.split(' ')).toEqual(expect.arrayContaining(Object.values(made)));
      // The journal is made when a rotation begins.
      expect(names.split(' ')).not.toContain(rotation);
    });

    it('starts no container twice on the way', async () => {
      const restarts = [...(await stack.pods()).values()].map(({ part, restarts: count, lastEnd }) => ({ part, count, lastEnd }));
      expect(restarts.filter(({ count }) => count > 0)).toEqual([]);
    });

    it('keeps registration closed from the first second, tried at the pods themselves before they were Ready', async () => {
      const { answers, answered, settingsOpen, settingsClosed, unanswered } = signUps ?? { answers: {}, answered: [], settingsOpen: 0, settingsClosed: 0, unanswered: 0 };
      printFigure(`sign-up attempts: ${unanswered} before anything listened, then ${JSON.stringify(answers)}`);
      expect([...answered].sort()).toEqual([(await stack.pod('gateway')).ip, (await stack.pod('web')).ip].sort());
      expect(answers['refused']).toBeGreaterThan(0);
      expect(answers).not.toHaveProperty('created');
      expect(answers).not.toHaveProperty('pending');
      expect(settingsOpen).toBe(0);
      expect(settingsClosed).toBeGreaterThan(0);
    });
  });
}
