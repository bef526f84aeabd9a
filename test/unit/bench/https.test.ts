// What the bench says of https: how much more of the host, and how much slower.
import { describe, expect, it } from '@jest/globals';
import { httpsRows, type Loaded } from '../../bench/https.js';

const MIB = 2 ** 20;
const use = (own: number, workingSetMost: number) => ({ own: own * MIB, workingSetMost: workingSetMost * MIB, workingSet: workingSetMost * MIB, pageCache: 0, used: 0, peak: 0 });
const loaded = (host: number, p99: number, more: Loaded['memory'] = {}): Loaded => ({ result: { sent: 6_240, accepted: 6_240, answers: { p50: 3, p99 } }, memory: { host: use(host / 2, host), ...more } });
const found = { none: loaded(1_000, 10), traefik: { direct: loaded(1_090, 10), through: loaded(1_100, 12, { traefik: use(28, 95) }) }, certManager: loaded(1_190, 12, { 'cert-manager': use(31, 88) }) };
const goals = (changed: Partial<typeof found> = {}) => httpsRows(104, { ...found, ...changed }).flatMap(({ what, goal }) => (goal === undefined ? [] : [[what, goal.met]]));

describe('the rows of https', () => {
  it('compare the host with the one without, and the answers with those of the same run', () => {
    expect(httpsRows(104, found).map(({ what, measured }) => [what, measured])).toEqual([
      ['104/s: host with https.mode traefik', "peak working set 1100Mi, without https 1000Mi: 100Mi more, 50Mi of it the processes' own"],
      ['104/s: host with https.mode cert-manager', "peak working set 1190Mi, without https 1000Mi: 190Mi more, 95Mi of it the processes' own"],
      ['https.mode traefik: Traefik itself', 'own 28Mi, with pages of files at most 95Mi'],
      ['https.mode cert-manager: the controller itself', 'own 31Mi, with pages of files at most 88Mi'],
      ['104/s: accepted', '6240 of 6240 without https, 6240 of 6240 with https.mode traefik, 6240 of 6240 with cert-manager'],
      ['104/s: answers, p99', expect.stringMatching(/through Traefik with https\.mode traefik, in the same run: 1\.20 times$/)],
    ]);
    expect(goals().every(([, met]) => met === true)).toBe(true);
  });

  it.each<[string, Partial<typeof found>, string]>([
    ['more memory than Traefik may take', { traefik: { ...found.traefik, through: loaded(1_111, 12) } }, '104/s: host with https.mode traefik'],
    ['more memory than the controller may take with it', { certManager: loaded(1_221, 12) }, '104/s: host with https.mode cert-manager'],
    ['an event that was refused with the controller beside it', { certManager: { ...found.certManager, result: { ...found.certManager.result, accepted: 6_239 } } }, '104/s: accepted'],
    ['answers that are slower', { traefik: { ...found.traefik, through: loaded(1_100, 14) } }, '104/s: answers, p99'],
  ])('miss their goal by %s', (_, changed, what) => expect(goals(changed).filter(([, met]) => met === false)).toEqual([[what, false]]));
});
