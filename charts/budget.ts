// The memory and CPU budget: what runs at the worst moment must fit the host, and what does not is refused with a remedy.
import { MEBIBYTE, bytesOf, mebibytes, milliCpuOf } from './quantity.js';
import type { ContainerResources, Settings } from './settings/schema.js';
import { topologyOf } from './topology.js';

/** One line of the budget. Memory counts limits (what may be used), CPU counts requests (what must be free to schedule). */
export interface BudgetLine {
  readonly name: string;
  /** When it is there: always, or while a new version is rolled out. */
  readonly when: 'always' | 'rollout';
  /** Setting to lower, or undefined for the host itself. */
  readonly setting: string;
  /** Mebibytes of limit. */
  readonly memory: number;
  /** Thousandths of a core requested. */
  readonly cpu: number;
  /** Whether it runs in our namespace, and so under its ResourceQuota. */
  readonly ours: boolean;
  readonly resources?: ContainerResources;
  /** Mebibytes that no advice goes below. */
  readonly least: number;
}

export interface Budget {
  readonly lines: readonly BudgetLine[];
  readonly host: { readonly memory: number; readonly cpu: number };
  readonly steady: { readonly memory: number; readonly cpu: number };
  readonly peak: { readonly memory: number; readonly cpu: number };
  /** Empty when everything fits. */
  readonly problems: readonly string[];
}

/** CPU of k3s itself when idle on 2 cores, with CoreDNS (100m) and metrics-server (100m): requests that are not ours. */
const CONTROL_PLANE_MILLI_CPU = 400;

/**
 * With less a part is killed soon, whatever it requests. Mebibytes: a Django process of its own costs 100-130Mi and grows with its
 * work; the operator's and the control plane's processes hold about as much (`npm run bench -- operator`, `npm run bench -- memory`).
 */
const LEAST = { django: 150, operator: 80, gateway: 80, controlPlane: 400 };

export function planBudget(settings: Settings): Budget {
  const lines = budgetLines(settings);
  const host = { memory: Math.floor(bytesOf(settings.host.memory) / MEBIBYTE), cpu: milliCpuOf(settings.host.cpu) };
  const steady = total(lines.filter(({ when }) => when === 'always'));
  const peak = total(lines);
  return { lines, host, steady, peak, problems: [...memoryProblems(lines, peak.memory, host.memory), ...cpuProblems(lines, peak.cpu, host.cpu)] };
}

export function total(lines: readonly BudgetLine[]): { memory: number; cpu: number } {
  return {
    memory: lines.reduce((sum, { memory }) => sum + memory, 0),
    cpu: lines.reduce((sum, { cpu }) => sum + cpu, 0),
  };
}

function budgetLines(settings: Settings): BudgetLine[] {
  const { resources, host } = settings;
  const { webResources, worker, valkey, gateway } = topologyOf(settings);
  const webSetting = worker === undefined ? 'resources.single.limits.memory' : 'resources.web.limits.memory';
  const pod = (name: string, value: ContainerResources, { setting, least = 0, when = 'always' }: Pick<BudgetLine, 'setting'> & Partial<BudgetLine>): BudgetLine => ({
    name, when, setting, ours: true, resources: value, least: Math.max(least, mebibytes(bytesOf(value.requests.memory))),
    memory: mebibytes(bytesOf(value.limits.memory)), cpu: milliCpuOf(value.requests.cpu),
  });
  const reserve = (name: string, memory: string, line: Pick<BudgetLine, 'setting' | 'cpu' | 'least'>): BudgetLine => ({
    name, when: 'always', ours: false, memory: mebibytes(bytesOf(memory)), ...line,
  });
  const web = { setting: webSetting, least: LEAST.django };
  const front = { setting: 'resources.gateway.limits.memory', least: LEAST.gateway };
  return [
    pod('web', webResources, web),
    ...(worker === undefined ? [] : [pod('worker', resources.worker, { setting: 'resources.worker.limits.memory', least: LEAST.django })]),
    pod('postgres', resources.postgres, { setting: 'resources.postgres.limits.memory' }),
    ...(valkey ? [pod('valkey', resources.valkey, { setting: 'resources.valkey.limits.memory' })] : []),
    pod('operator', resources.operator, { setting: 'resources.operator.limits.memory', least: LEAST.operator }),
    ...(gateway ? [pod('gateway', resources.gateway, front)] : []),
    // With a gateway web is rolled without one: events wait in the spool meanwhile.
    gateway ? pod('gateway (surge)', resources.gateway, { ...front, when: 'rollout' }) : pod('web (surge)', webResources, { ...web, when: 'rollout' }),
    pod('migrate Job', resources.migrate, { setting: 'resources.migrate.limits.memory', least: LEAST.django, when: 'rollout' }),
    reserve('control plane, system', host.controlPlane, { setting: 'host.controlPlane', cpu: CONTROL_PLANE_MILLI_CPU, least: LEAST.controlPlane }),
    reserve('neighbours', host.neighbours, { setting: 'host.neighbours', cpu: 0, least: 0 }),
  ];
}

function memoryProblems(lines: readonly BudgetLine[], needed: number, available: number): string[] {
  const over = needed - available;
  if (over <= 0) return [];
  const ways = [...groupBySetting(lines)]
    .map(([setting, { memory, times, least }]) => ({ setting, by: Math.ceil(over / times), memory: memory / times, times, least }))
    .filter(({ by, memory, least }) => memory - by >= least)
    .map(({ setting, by, memory, times }) => `${setting} by ${by}Mi to ${Math.floor(memory - by)}Mi${times > 1 ? ` (it counts ${times} times)` : ''}`);
  const advice = ways.length === 0 ? 'no single setting can give that much' : `lower one of: ${ways.join('; ')}`;
  return [`host.memory: expected at least ${needed}Mi for the worst moment (a rollout), found ${available}Mi: ${over}Mi too little; ${advice}; or raise host.memory to what the host really has`];
}

function cpuProblems(lines: readonly BudgetLine[], needed: number, available: number): string[] {
  const over = needed - available;
  if (over <= 0) return [];
  const largest = [...lines].filter(({ ours }) => ours).sort((one, other) => other.cpu - one.cpu)[0];
  const advice = largest === undefined ? '' : `, for example ${largest.setting.replace('limits.memory', 'requests.cpu')} (${largest.cpu}m)`;
  return [`host.cpu: expected at least ${needed}m of requests for a rollout to be schedulable, found ${available}m: lower requests by ${over}m${advice}`];
}

interface SettingTotal {
  readonly memory: number;
  /** How often the setting counts: the limit of what is rolled with a surge once more for that. */
  readonly times: number;
  readonly least: number;
}

function groupBySetting(lines: readonly BudgetLine[]): Map<string, SettingTotal> {
  const groups = new Map<string, SettingTotal>();
  for (const { setting, memory, least } of lines) {
    const group = groups.get(setting) ?? { memory: 0, times: 0 };
    groups.set(setting, { memory: group.memory + memory, times: group.times + 1, least });
  }
  return groups;
}

/** The budget as a table for people: what is there always, what a rollout adds, and what is left of the host. */
export function renderBudget(budget: Budget): string {
  const rows: [string, string, string][] = [
    ['part', 'memory limit', 'CPU request'],
    ...budget.lines.filter(({ when }) => when === 'always').map(row),
    ['= steady', `${budget.steady.memory}Mi`, `${budget.steady.cpu}m`],
    ...budget.lines.filter(({ when }) => when === 'rollout').map(row),
    ['= worst moment (rollout)', `${budget.peak.memory}Mi`, `${budget.peak.cpu}m`],
    ['host', `${budget.host.memory}Mi`, `${budget.host.cpu}m`],
    ['= left', `${budget.host.memory - budget.peak.memory}Mi`, `${budget.host.cpu - budget.peak.cpu}m`],
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) => cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')).join('\n');
}

function row({ name, memory, cpu }: BudgetLine): [string, string, string] {
  return [name, `${memory}Mi`, `${cpu}m`];
}
