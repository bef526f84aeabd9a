/** What is remembered of an instance between commands, and the lock that keeps two commands off the same one. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { errorCode } from './filesystem.js';
import { findProcess, identify } from './identity.js';
import { networkFor, type NodeNetwork } from './address.js';
import type { ClusterSettings } from './cluster-options.js';

const recordSchema = z.object({ index: z.number() });

function recordFile(settings: ClusterSettings): string {
  return join(settings.paths.root, 'instance.json');
}

/** The network that the instance has had; undefined when it never ran. */
export async function readNetwork(settings: ClusterSettings): Promise<NodeNetwork | undefined> {
  const text = await readFile(recordFile(settings), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : networkFor(recordSchema.parse(JSON.parse(text)).index);
}

export async function writeNetwork(settings: ClusterSettings, network: NodeNetwork): Promise<void> {
  await mkdir(settings.paths.root, { recursive: true, mode: 0o700 });
  await writeFile(recordFile(settings), JSON.stringify({ index: network.index }));
}

/** Folder that holds every instance's claims and state. */
export function instancesRoot(settings: ClusterSettings): string {
  return dirname(dirname(settings.paths.root));
}

const lockPollMs = 250;

async function takeLock(file: string): Promise<boolean> {
  try {
    await writeFile(file, await identify(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const owner = await readFile(file, 'utf8').catch(() => '');
  // Its owner was killed. An empty file was made this very moment.
  if (owner !== '' && (await findProcess(owner)) === undefined) await rm(file, { force: true });
  return false;
}

/** Runs `work` while no other command holds the lock called `name`; calls `waiting` when that takes a while. */
export async function withLock<T>(root: string, name: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  const folder = join(root, 'locks');
  const file = join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let attempt = 0; !(await takeLock(file)); attempt += 1) {
    if (attempt === 4) waiting();
    await sleep(lockPollMs);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
