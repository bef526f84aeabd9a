// The processes of one run and the clusters that they started: found by a mark in their environment, ended together, nothing left behind.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { down } from '../../embedded/index.js';
import { resolveOptions, stateRoot } from '../../embedded/cluster-options.js';
import { findProcess } from '../../embedded/identity.js';
import { runningPid } from '../../embedded/supervisor.js';

/** Variable that every process of a run inherits. */
export const MARK = 'GLITCHKEEPER_RUN';

interface Found {
  readonly id: number;
  readonly parent: number;
  readonly marked: boolean;
}

/** Ids of the run's processes: those with its mark, and what they started with another environment. None where there is no /proc. */
export async function processesOf(run: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const found = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((name) => look(Number(name), run)));
  return withDescendants(found.filter((process) => process !== undefined));
}

/** The marked and their descendants. */
export function withDescendants(processes: readonly Found[]): number[] {
  const ours = new Set(processes.filter(({ marked }) => marked).map(({ id }) => id));
  for (let before = -1; before !== ours.size;) {
    before = ours.size;
    for (const { id, parent } of processes) if (ours.has(parent)) ours.add(id);
  }
  return [...ours];
}

async function look(id: number, run: string): Promise<Found | undefined> {
  const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '');
  // Fields of proc_pid_stat(5) behind the command's closing parenthesis: state, parent.
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : { id, parent: Number(parent), marked: environment.split('\0').includes(`${MARK}=${run}`) };
}

/**
 * Kills everything that the run started, then takes down its clusters.
 * @param more ids that are the run's beside the marked
 * @returns names of the clusters that were still there
 */
export async function endAll(run: string, more: () => Promise<readonly number[]> = () => Promise.resolve([])): Promise<string[]> {
  // A cluster belongs to who runs it, or is about to start it.
  const clusters = await clustersOf(new Set(await processesOf(run)));
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const left = [...await processesOf(run), ...await more()];
    if (left.length === 0) break;
    for (const id of left) kill(id);
    await sleep(50);
  }
  for (const name of clusters) await down({ name, delete: true });
  return clusters;
}

async function clustersOf(run: ReadonlySet<number>): Promise<string[]> {
  const root = stateRoot(process.env);
  const known = await readdir(join(root, 'clusters')).catch(() => []);
  const locked = (await readdir(join(root, 'locks')).catch(() => [])).filter((name) => !name.startsWith('.'));
  const owned: string[] = [];
  for (const name of new Set([...known, ...locked])) {
    const starter = findProcess(await readFile(join(root, 'locks', name), 'utf8').catch(() => ''));
    const owners = await Promise.all([starter, runningPid(resolveOptions({ name }, process.env))]);
    if (owners.some((owner) => owner !== undefined && run.has(owner))) owned.push(name);
  }
  return owned;
}

function kill(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // It ended by itself between the listing and now, which is what was wanted.
  }
}
