// The memory and CPU budget: what runs at the worst moment must fit the host, and what does not is refused with a remedy.
import { MEBIBYTE, bytesOf, mebibytes, milliCpuOf } from './quantity.js';
import type { ContainerResources, Settings } from './settings/schema.js';
import { HOLDS_WINDOW } from './settings/window-problems.js';
import { topologyOf } from './topology.js';
import { isServedByTraefik } from './traefik.js';

/**
 * Never two of them: the operator begins no backup and no rehearsal beside a rollout, nor one beside the other; to a migrate Job beside one, and
 * to the pod that answers a challenge beside a rollout, the quota gives no pod until there is room, and they wait.
 * A restore has no moment of its own: its Jobs are as large as a backup's and never beside one, and most of them run while web and worker are away.
 * Nor has the import of a move: its Job is as large as the migrate Job, and never beside one.
 */
const MOMENTS = ['rollout', 'backup', 'rehearsal', 'challenge'] as const;
type Moment = (typeof MOMENTS)[number];

interface Amounts {
  readonly memory: number;
  readonly cpu: number;
}

/** One line of the budget. Memory counts limits (what may be used), CPU counts requests (what must be free to schedule). */
export interface BudgetLine {
  readonly name: string;
  /** When it is there: always, or at one of the moments, of which there is never more than one. */
  readonly when: 'always' | Moment;
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
  readonly host: Amounts;
  readonly steady: Amounts;
  readonly during: Readonly<Record<Moment, Amounts>>;
  /** The most of each, at whichever moment that is. */
  readonly peak: Amounts;
  /** Empty when everything fits. */
  readonly problems: readonly string[];
}

/** CPU of k3s itself when idle on 2 cores, with CoreDNS (100m) and metrics-server (100m): requests that are not ours. */
const CONTROL_PLANE_MILLI_CPU = 400;

/**
 * With less a part is killed soon, whatever it requests. Mebibytes: a Django process of its own costs 100-130Mi and grows with its
 * work; the operator's and the control plane's processes hold about as much (`npm run bench -- operator`, `npm run bench -- memory`). Traefik
 * was seen with 32 of its own and 67 of its program.
 */
const LEAST = { django: 150, operator: 80, gateway: 80, controlPlane: 400, traefik: 100 };

/**
 * What each program of cert-manager needs, mebibytes: of its own (30, 10 and 12 were seen), and pages of the program (57, 52 and 49), without
 * which it thrashes. Its charts request no CPU.
 */
const CERT_MANAGER_PROGRAMS = [{ part: 'controller', memory: 112 }, { part: 'webhook', memory: 80 }, { part: 'cainjector', memory: 80 }] as const;
const COUNTED = 'https.certManager.budget';
/** Its own limits of the pod that answers a challenge. */
const SOLVER: ContainerResources = { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '100m', memory: '64Mi' } };

export function planBudget(settings: Settings): Budget {
  const lines = budgetLines(settings);
  const host = { memory: Math.floor(bytesOf(settings.host.memory) / MEBIBYTE), cpu: milliCpuOf(settings.host.cpu) };
  const steady = total(lines.filter(({ when }) => when === 'always'));
  const at = (moment: Moment): Amounts => total(linesDuring(lines, moment));
  const during = { rollout: at('rollout'), backup: at('backup'), rehearsal: at('rehearsal'), challenge: at('challenge') };
  const peak = { memory: worstMoment(lines, ({ memory }) => memory), cpu: worstMoment(lines, ({ cpu }) => cpu) };
  return { lines, host, steady, during, peak, problems: [...memoryProblems(lines, host.memory), ...cpuProblems(lines, host.cpu)] };
}

/** The most that all lines together have of something at one moment. */
export function worstMoment(lines: readonly BudgetLine[], amountOf: (line: BudgetLine) => number): number {
  return Math.max(...MOMENTS.map((moment) => linesDuring(lines, moment).reduce((sum, line) => sum + amountOf(line), 0)));
}

function linesDuring(lines: readonly BudgetLine[], moment: Moment): readonly BudgetLine[] {
  return lines.filter(({ when }) => when === 'always' || when === moment);
}

function total(lines: readonly BudgetLine[]): Amounts {
  return {
    memory: lines.reduce((sum, { memory }) => sum + memory, 0),
    cpu: lines.reduce((sum, { cpu }) => sum + cpu, 0),
  };
}

function budgetLines(settings: Settings): BudgetLine[] {
  const { resources, host } = settings;
  const { webResources, worker, valkey, gateway, tunnel, backup } = topologyOf(settings);
  const pod = (name: string, value: ContainerResources, { setting, least = 0, when = 'always' }: Pick<BudgetLine, 'setting'> & Partial<BudgetLine>): BudgetLine => ({
    name, when, setting, ours: true, resources: value, least: Math.max(least, mebibytes(bytesOf(value.requests.memory))),
    memory: mebibytes(bytesOf(value.limits.memory)), cpu: milliCpuOf(value.requests.cpu),
  });
  const reserve = (name: string, memory: string, line: Pick<BudgetLine, 'setting' | 'cpu' | 'least'>): BudgetLine => ({
    name, when: 'always', ours: false, memory: mebibytes(bytesOf(memory)), ...line,
  });
  const least = leastOfDjango(gateway);
  const web = worker === undefined ? { setting: 'resources.single.limits.memory', least: least.single } : { setting: 'resources.web.limits.memory', least: LEAST.django };
  const front = { setting: 'resources.gateway.limits.memory', least: LEAST.gateway };
  return [
    pod('web', webResources, web),
    ...(worker === undefined ? [] : [pod('worker', resources.worker, { setting: 'resources.worker.limits.memory', least: least.worker })]),
    pod('postgres', resources.postgres, { setting: 'resources.postgres.limits.memory' }),
    ...(valkey ? [pod('valkey', resources.valkey, { setting: 'resources.valkey.limits.memory' })] : []),
    pod('operator', resources.operator, { setting: 'resources.operator.limits.memory', least: LEAST.operator }),
    ...(gateway ? [pod('gateway', resources.gateway, front)] : []),
    // With a gateway web is rolled without one: events wait in the spool meanwhile.
    gateway ? pod('gateway (surge)', resources.gateway, { ...front, when: 'rollout' }) : pod('web (surge)', webResources, { ...web, when: 'rollout' }),
    pod('migrate Job', resources.migrate, { setting: 'resources.migrate.limits.memory', least: LEAST.django, when: 'rollout' }),
    ...(backup === undefined ? [] : [
      pod('backup Job', resources.backup, { setting: 'resources.backup.limits.memory', when: 'backup' }),
      // The server of the copy, and GlitchTip's migrations on it, side by side.
      pod('rehearsal Job (server)', resources.backup, { setting: 'resources.backup.limits.memory', when: 'rehearsal' }),
      pod('rehearsal Job (migrate)', resources.migrate, { setting: 'resources.migrate.limits.memory', least: LEAST.django, when: 'rehearsal' }),
    ]),
    ...(isServedByTraefik(settings) ? [reserve('traefik', resources.traefik.limits.memory, { setting: 'resources.traefik.limits.memory', cpu: milliCpuOf(resources.traefik.requests.cpu), least: LEAST.traefik })] : []),
    ...(tunnel ? [pod('tunnel', resources.tunnel, { setting: 'resources.tunnel.limits.memory' })] : []),
    ...certManagerLines(settings, reserve),
    ...(settings.https.mode === 'cert-manager' ? [pod('ACME solver', SOLVER, { setting: 'https.mode', when: 'challenge' })] : []),
    reserve('control plane, system', host.controlPlane, { setting: 'host.controlPlane', cpu: CONTROL_PLANE_MILLI_CPU, least: LEAST.controlPlane }),
    reserve('neighbours', host.neighbours, { setting: 'host.neighbours', cpu: 0, least: 0 }),
  ];
}

/** Mebibytes. @param gateway it gives them events, as many as its window has */
function leastOfDjango(gateway: boolean): { readonly worker: number; readonly single: number } {
  return gateway ? HOLDS_WINDOW : { worker: LEAST.django, single: LEAST.django };
}

function certManagerLines({ https: { mode, certManager: { budget } } }: Settings, reserve: (name: string, memory: string, line: Pick<BudgetLine, 'setting' | 'cpu' | 'least'>) => BudgetLine): BudgetLine[] {
  if (mode !== 'cert-manager') return [];
  const counted = CERT_MANAGER_PROGRAMS.filter(({ part }) => budget === 'all' || budget === part);
  return counted.map(({ part, memory }) => reserve(`cert-manager ${part}`, `${memory}Mi`, { setting: COUNTED, cpu: 0, least: memory }));
}

function memoryProblems(lines: readonly BudgetLine[], available: number): string[] {
  const needed = worstMoment(lines, ({ memory }) => memory);
  if (needed <= available) return [];
  const ways = [...new Set(lines.map(({ setting }) => setting))]
    .flatMap((setting) => wayOut(lines, setting, available))
    .map(({ setting, by, memory, times }) => `${setting} by ${by}Mi to ${memory - by}Mi${times > 1 ? ` (it counts ${times} times)` : ''}`);
  const advice = ways.length === 0 ? 'no single setting can give that much' : `lower one of: ${ways.join('; ')}`;
  const fewer = lines.some(({ setting }) => setting === COUNTED) ? `; or let ${COUNTED} say which programs of cert-manager are there (its controller issues and renews alone)` : '';
  return [`host.memory: expected at least ${needed}Mi for the worst moment (${namesOf(lines, needed)}), found ${available}Mi: ${needed - available}Mi too little; ${advice}${fewer}; or raise host.memory to what the host really has`];
}

function namesOf(lines: readonly BudgetLine[], needed: number): string {
  return MOMENTS.filter((moment) => total(linesDuring(lines, moment)).memory === needed).map((moment) => `a ${moment}`).join(' or ');
}

function cpuProblems(lines: readonly BudgetLine[], available: number): string[] {
  const over = worstMoment(lines, ({ cpu }) => cpu) - available;
  if (over <= 0) return [];
  const largest = [...lines].filter(({ ours }) => ours).sort((one, other) => other.cpu - one.cpu)[0];
  const advice = largest === undefined ? '' : `, for example ${largest.setting.replace('limits.memory', 'requests.cpu')} (${largest.cpu}m)`;
  return [`host.cpu: expected at least ${available + over}m of requests for the worst moment to be schedulable, found ${available}m: lower requests by ${over}m${advice}`];
}

interface WayOut {
  readonly setting: string;
  /** Mebibytes to lower it by. */
  readonly by: number;
  readonly memory: number;
  /** How often the setting counts: the limit of what is rolled with a surge once more for that. */
  readonly times: number;
}

/** Lowering this setting alone makes every moment fit; none where it cannot. */
function wayOut(lines: readonly BudgetLine[], setting: string, available: number): WayOut[] {
  const [first] = lines.filter((line) => line.setting === setting);
  const tooMuch = MOMENTS.map((moment) => linesDuring(lines, moment)).filter((each) => total(each).memory > available)
    .map((each) => ({ over: total(each).memory - available, times: each.filter((line) => line.setting === setting).length }));
  if (first === undefined || tooMuch.some(({ times }) => times === 0)) return [];
  const by = Math.max(...tooMuch.map(({ over, times }) => Math.ceil(over / times)));
  const { memory, least } = first;
  return memory - by < least ? [] : [{ setting, by, memory, times: Math.max(...tooMuch.map(({ times }) => times)) }];
}

/** The budget as a table for people: what is there always, what a rollout, a backup or a rehearsal adds, and what is left of the host. */
export function renderBudget(budget: Budget): string {
  const rows: [string, string, string][] = [
    ['part', 'memory limit', 'CPU request'],
    ...budget.lines.filter(({ when }) => when === 'always').map(row),
    ['= steady', `${budget.steady.memory}Mi`, `${budget.steady.cpu}m`],
    ...MOMENTS.flatMap((moment) => rowsDuring(budget, moment)),
    ['host', `${budget.host.memory}Mi`, `${budget.host.cpu}m`],
    ['= left at the worst moment', `${budget.host.memory - budget.peak.memory}Mi`, `${budget.host.cpu - budget.peak.cpu}m`],
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) => cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')).join('\n');
}

function rowsDuring({ lines, during }: Budget, moment: Moment): [string, string, string][] {
  const own = lines.filter(({ when }) => when === moment);
  return own.length === 0 ? [] : [...own.map(row), [`= during a ${moment}`, `${during[moment].memory}Mi`, `${during[moment].cpu}m`]];
}

function row({ name, memory, cpu }: BudgetLine): [string, string, string] {
  return [name, `${memory}Mi`, `${cpu}m`];
}
