// Soak: every alert rule in Prometheus' own test, over the operator's series of a healthy day, where none fires, and of each fault.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { dashboardQueries } from '../../charts/monitoring/dashboard.js';
import { alertRules, ruleGroups } from '../../charts/monitoring/rules.js';
import { ensurePromtool } from '../../embedded/binaries.js';
import { buildProgress } from '../../embedded/progress.js';
import { BEGINS, FAULTS, type Fault } from './rules/rule-faults.js';
import { ruleTest, silence, type Expectation } from './rules/rule-tests.js';
import { MINUTE, healthyMoment, simulate, type Moment } from './rules/simulated-operator.js';

const NAMESPACE = 'glitchtip';
const rules = alertRules(NAMESPACE);
const names = new Set(rules.flatMap(({ expr }) => expr.match(/glitchkeeper_[a-z_]+/g) ?? []));
/** Milliseconds. */
const BUILD = 1_800_000;
const RUN = 300_000;

const folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-rules-'));
const rulesFile = join(folder, 'rules.yaml');
let promtool = '';

beforeAll(async () => {
  writeFileSync(rulesFile, stringify(ruleGroups(NAMESPACE)));
  promtool = await ensurePromtool(buildProgress(() => undefined, Date.now));
}, BUILD);
afterAll(() => rmSync(folder, { recursive: true }));

/** @returns what promtool says of what is not as expected */
async function test(momentAt: (at: number) => Moment, minutes: number, expectations: readonly Expectation[]): Promise<string> {
  const file = join(folder, 'test.yaml');
  writeFileSync(file, ruleTest(rulesFile, await simulate(momentAt, minutes, { namespace: NAMESPACE, names }), expectations));
  const { exitCode, stdout, stderr } = await execa(promtool, ['test', 'rules', file], { reject: false });
  return exitCode === 0 ? '' : `${stdout}${stderr}`;
}

it('Prometheus takes the rules', async () => {
  const { stdout } = await execa(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', rulesFile]);
  expect(stdout).toContain(`${rules.length} rules found`);
}, RUN);

it('Prometheus takes every query of the dashboard', async () => {
  const queries = dashboardQueries();
  const file = join(folder, 'queries.yaml');
  writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules: queries.map((expr, index) => ({ record: `dashboard:query_${index}`, expr })) }] }));
  const { stdout } = await execa(promtool, ['check', 'rules', file]);
  expect(queries.length).toBeGreaterThan(29);
  expect(stdout).toContain(`${queries.length} rules found`);
}, RUN);

it('none fires on two healthy days', async () => {
  const minutes = 2 * 24 * 60;
  // Also in the minutes right before and after partitions are made.
  const looks = Array.from({ length: minutes / 10 }, (_, index) => index * 10 + 9);
  expect(await test(healthyMoment, minutes, silence(rules, looks))).toBe('');
}, RUN);

describe('a rule fires', () => {
  it.each(FAULTS.map((fault) => [fault.alert, fault.what, fault] as const))('%s: %s, and no other', async (...[, , fault]) => {
    const fires = BEGINS / MINUTE + fault.firesAfter;
    const faultyMoment = (at: number): Moment => {
      const moment = healthyMoment(at);
      return at < BEGINS ? moment : { ...moment, ...fault.change(moment, at - BEGINS) };
    };
    const quiet = [BEGINS / MINUTE - 1, fires - 2];
    const expectations = [...silence(rules, quiet, fault.also), firing(fault, fires), ...silence(rules, [fires], [fault.alert, ...fault.also ?? []])];
    expect(await test(faultyMoment, fires + 1, expectations)).toBe('');
  }, RUN);

  it('each of them', () => expect(rules.map(({ alert }) => alert).filter((alert) => !FAULTS.some((fault) => fault.alert === alert))).toEqual([]));
});

function firing({ alert, labels, summary, description }: Fault, minute: number): Expectation {
  const rule = rules.find((each) => each.alert === alert);
  if (!rule) throw new Error(`there is no rule ${alert}`);
  return { minute, alert, fires: [{ labels: { severity: rule.severity, namespace: NAMESPACE, ...labels }, annotations: { summary, description, runbook: rule.runbook } }] };
}
