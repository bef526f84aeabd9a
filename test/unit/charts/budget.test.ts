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
    ['host.controlPlane', 470, 400], ['resources.worker.limits.memory', 250, 150], ['resources.migrate.limits.memory', 200, 150], ['resources.operator.limits.memory', 96, 80],
    ['resources.web.limits.memory', 300, 150],
  ])('advises to lower %s from %iMi to %iMi, with which it lives, and no further', (setting, now, least) => {
    const advised = (over: number) => budgetOf({ host: { memory: `${budgetOf().peak.memory - over}Mi` } }).problems.join();
    expect(advised(now - least)).toContain(`${setting} by ${now - least}Mi to ${least}Mi`);
    expect(advised(now - least + 1)).not.toContain(setting);
    expect(advised(now - least + 1)).toContain('or raise host.memory to what the host really has');
  });

  it.each([
    ['the gateway', {}, 'resources.gateway.limits.memory by 10Mi to 86Mi (it counts 2 times)'],
    ['web, where there is no gateway', { gateway: { enabled: false } }, 'resources.web.limits.memory by 10Mi to 290Mi (it counts 2 times)'],
  ])('counts a surge twice: %s needs half as much lowering', (_, settings, advice) => {
    const [problem] = budgetOf({ ...settings, host: { memory: `${budgetOf(settings).peak.memory - 20}Mi` } }).problems;
    expect(problem).toContain('20Mi too little');
    expect(problem).toContain(advice);
  });

  it('refuses requests that leave a surge pod pending on its cores', () => {
    const [problem] = budgetOf({ host: { cpu: '1' } }).problems;
    expect(problem).toMatch(/^host\.cpu: expected at least 1450m .*, found 1000m: lower requests by 450m/);
  });

  it.each([['tiny', '6.2', false], ['tiny', '7.0', false], ['classic', '7.0', true]] as const)(
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
