import { describe, expect, it } from '@jest/globals';
import { planBudget, renderBudget } from '../../../charts/budget.js';
import { checkSettings } from '../../../charts/settings/load-settings.js';
import type { SettingsInput } from '../../../charts/settings/schema.js';

const budgetOf = (settings: SettingsInput = {}) => planBudget(checkSettings(settings));

describe('the budget', () => {
  it('fits the 1.9 GiB host by default, with a rollout and the migrate Job at the same moment', () => {
    const budget = budgetOf();
    expect(budget.problems).toEqual([]);
    expect(budget.peak.memory).toBeLessThanOrEqual(budget.host.memory);
    expect(budget.peak.cpu).toBeLessThanOrEqual(budget.host.cpu);
  });

  it("adds the four parts up to 750Mi", () => {
    const four = budgetOf().lines.filter(({ name }) => ['web', 'worker', 'postgres', 'valkey'].includes(name));
    expect(four.reduce((sum, { memory }) => sum + memory, 0)).toBe(750);
  });

  it('refuses a host that is too small, saying by how much and what to lower', () => {
    const [problem] = budgetOf({ host: { memory: '1.5Gi' } }).problems;
    expect(problem).toMatch(/^host\.memory: expected at least \d+Mi .*, found 1536Mi: 300Mi too little; no single setting can give that much; or raise host\.memory/);
  });

  it('following its advice is enough, for each setting that it names', () => {
    const tooMuch: SettingsInput = { resources: { worker: { limits: { memory: '365Mi' } } } };
    const [problem] = budgetOf(tooMuch).problems;
    const advice = [...(problem ?? '').matchAll(/resources\.(\w+)\.limits\.memory by \d+Mi to (\d+Mi)/g)];
    expect(advice.length).toBeGreaterThanOrEqual(2);
    for (const [, part, memory] of advice) {
      const followed = { resources: { ...tooMuch.resources, [String(part)]: { limits: { memory } } } };
      expect(budgetOf(followed).problems).toEqual([]);
    }
  });

  it.each([
    ['host.controlPlane', 470, 400], ['resources.migrate.limits.memory', 200, 150], ['resources.operator.limits.memory', 96, 80],
    ['resources.web.limits.memory', 300, 150],
  ])('advises to lower %s from %iMi to %iMi, with which it lives, and no further', (setting, now, least) => {
    const advised = (over: number) => budgetOf({ host: { memory: `${budgetOf().peak.memory - over}Mi` } }).problems.join();
    expect(advised(now - least)).toContain(`${setting} by ${now - least}Mi to ${least}Mi`);
    expect(advised(now - least + 1)).not.toContain(setting);
    expect(advised(now - least + 1)).toContain('or raise host.memory to what the host really has');
  });

  it("advises to lower the worker's memory as far as a Django process lives, and with a gateway not below what its window needs", () => {
    const advised = (settings: SettingsInput) => budgetOf({ ...settings, host: { memory: `${budgetOf(settings).peak.memory - 100}Mi` } }).problems.join();
    expect(advised({ gateway: { enabled: false } })).toContain('resources.worker.limits.memory by 100Mi to 150Mi');
    expect(advised({})).not.toContain('resources.worker');
    expect(advised({ resources: { worker: { limits: { memory: '350Mi' } } } })).toContain('resources.worker.limits.memory by 100Mi to 250Mi');
    const tiny = { profile: 'tiny', version: '6.2' } as const;
    expect(advised(tiny)).not.toContain('resources.single');
    expect(advised({ ...tiny, resources: { single: { limits: { memory: '500Mi' } } } })).toContain('resources.single.limits.memory by 100Mi to 400Mi');
  });

  it.each([
    ['the gateway', { backup: { store: 'none' } }, 'resources.gateway.limits.memory by 10Mi to 86Mi (it counts 2 times)'],
    ['web, where there is no gateway', { gateway: { enabled: false }, backup: { store: 'none' } }, 'resources.web.limits.memory by 10Mi to 290Mi (it counts 2 times)'],
  ] as const)('counts a surge twice: %s needs half as much lowering', (_, settings, advice) => {
    const [problem] = budgetOf({ ...settings, host: { memory: `${budgetOf(settings).peak.memory - 20}Mi` } }).problems;
    expect(problem).toContain('20Mi too little');
    expect(problem).toContain(advice);
  });

  it("fits the host with k3s' Traefik in it, which is not ours and so in no quota", () => {
    const { lines, problems, peak } = budgetOf({ domain: 'https://errors.example.org', https: { mode: 'secret', secret: 'errors-tls' } });
    expect(problems).toEqual([]);
    expect(lines.find(({ name }) => name === 'traefik')).toMatchObject({ when: 'always', memory: 104, cpu: 50, ours: false, setting: 'resources.traefik.limits.memory' });
    expect(peak.memory - budgetOf().peak.memory).toBe(104);
  });

  describe('with a certificate that cert-manager gets', () => {
    const issued = (budget?: 'all' | 'controller' | 'none', neighbours = '128Mi'): SettingsInput => ({ domain: 'https://errors.example.org', https: { mode: 'cert-manager', acme: { email: 'ops@glitchtip.invalid' }, certManager: { ...(budget === undefined ? {} : { budget }) } }, host: { neighbours } });

    it.each<['all' | 'controller' | 'none' | undefined, number]>([[undefined, 272], ['all', 272], ['controller', 112], ['none', 0]])('counts its programs as the settings say (%p): %iMi', (budget, memory) => {
      const plan = budgetOf(issued(budget));
      expect(plan.peak.memory - budgetOf({ domain: 'https://errors.example.org', https: { mode: 'secret', secret: 'errors-tls' } }).peak.memory).toBe(memory);
      expect(plan.lines.filter(({ ours }) => ours).map(({ name }) => name)).not.toContain('cert-manager controller');
    });

    it('does not fit the default host with all of them: says what to lower, and that the controller issues alone', () => {
      const [problem] = budgetOf(issued()).problems;
      expect(problem).toContain('267Mi too little; no single setting can give that much; or let https.certManager.budget say which programs of cert-manager are there (its controller issues and renews alone)');
      expect(budgetOf(issued('controller')).problems.join()).toContain('host.neighbours by 107Mi to 21Mi');
      expect(budgetOf(issued('controller', '20Mi')).problems).toEqual([]);
      expect(budgetOf(issued('none')).problems).toEqual([]);
    });

    it('has the pod that answers a challenge beside what is always there, in the room of a rollout', () => {
      const { lines, steady, during } = budgetOf(issued('none'));
      expect(lines.find(({ when }) => when === 'challenge')).toMatchObject({ name: 'ACME solver', memory: 64, cpu: 10, ours: true });
      expect(during.challenge.memory - steady.memory).toBe(64);
      expect(during.challenge.memory).toBeLessThan(during.rollout.memory);
    });
  });

  it('refuses a Traefik that does not fit', () => {
    const [problem] = budgetOf({ domain: 'https://errors.example.org', https: { mode: 'secret', secret: 'errors-tls' }, resources: { traefik: { limits: { memory: '128Mi' } } } }).problems;
    expect(problem).toContain('19Mi too little; lower one of: ');
    expect(problem).toContain('resources.traefik.limits.memory by 19Mi to 109Mi');
  });

  it('refuses requests that leave a surge pod pending on its cores', () => {
    const [problem] = budgetOf({ host: { cpu: '1' } }).problems;
    expect(problem).toMatch(/^host\.cpu: expected at least 1650m .*, found 1000m: lower requests by 650m/);
  });

  it('counts a backup, and a rehearsal, beside what is always there, and never beside a rollout', () => {
    const { lines, steady, during, peak } = budgetOf({ resources: { backup: { limits: { memory: '128Mi' } } } });
    expect(lines.filter(({ when }) => when !== 'always').map(({ name, when, memory }) => [name, when, memory])).toEqual([
      ['gateway (surge)', 'rollout', 96], ['migrate Job', 'rollout', 200], ['backup Job', 'backup', 128], ['rehearsal Job (server)', 'rehearsal', 128], ['rehearsal Job (migrate)', 'rehearsal', 200],
    ]);
    expect([during.rollout.memory - steady.memory, during.backup.memory - steady.memory, during.rehearsal.memory - steady.memory, peak.memory]).toEqual([296, 128, 328, during.rehearsal.memory]);
  });

  it('needs no more for a rehearsal than for a rollout, by default', () => {
    const { during } = budgetOf();
    expect(during.rehearsal.memory).toBe(during.rollout.memory);
    expect(during.rehearsal.cpu).toBeLessThanOrEqual(during.rollout.cpu);
  });

  it('has no backup where none is made', () => {
    const { lines, during, steady } = budgetOf({ backup: { store: 'none' } });
    expect(lines.map(({ name }) => name)).not.toContain('backup Job');
    expect([during.backup, during.rehearsal]).toEqual([steady, steady]);
  });

  it('refuses a backup that does not fit, and advises what helps at every moment', () => {
    const large: SettingsInput = { resources: { backup: { limits: { memory: '500Mi' } } } };
    const { peak, during } = budgetOf(large);
    expect(peak).toEqual({ memory: during.rehearsal.memory, cpu: during.rollout.cpu });
    const [alone] = budgetOf({ ...large, host: { memory: `${peak.memory - 50}Mi` } }).problems;
    expect(alone).toContain(`expected at least ${peak.memory}Mi for the worst moment (a rehearsal), found ${peak.memory - 50}Mi: 50Mi too little; lower one of: `);
    expect(alone).toContain('resources.backup.limits.memory by 50Mi to 450Mi;');
    expect(alone).toContain('resources.migrate.limits.memory by 50Mi to 150Mi');
    expect(alone).not.toContain('resources.gateway.limits.memory by 25Mi');
    // With so little room neither fits, and lowering what is there at one of them helps nobody.
    const [both] = budgetOf({ ...large, host: { memory: `${during.rollout.memory - 20}Mi` } }).problems;
    expect(both).not.toMatch(/resources\.(backup|migrate)/);
  });

  it.each([['tiny', '6.2', false]] as const)(
    'has one GlitchTip process in profile %s of %s, and fits', (profile, version, valkey) => {
      const { lines, problems } = budgetOf({ profile, version });
      const names = lines.map(({ name }) => name);
      expect(problems).toEqual([]);
      expect(names).not.toContain('worker');
      expect(names.includes('valkey')).toBe(valkey);
    },
  );

  it('is a table with a line a part, the worst moment and what is left', () => {
    expect(renderBudget(budgetOf())).toMatchSnapshot();
  });
});
