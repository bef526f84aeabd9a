// Another service of the same host: a small HTTP server in the node's cgroup, beside the pods and not among them.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { NoAnswer, send } from '../../sdk/http-client.js';
import { percentile } from '../../sdk/statistics.js';
import type { ClusterHandle } from '../../../embedded/index.js';
import { waitFor, when } from './wait.js';

const PORT = 18080;
const EVERY_MS = 100;
const SERVER = `require('node:http').createServer((_, response) => response.end('here')).listen(${PORT}, process.argv[1])`;

export interface Latencies {
  readonly asked: number;
  /** When, and why not. */
  readonly unanswered: readonly string[];
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

export interface Neighbour {
  /** What it was like since the last call. */
  readonly latencies: () => Latencies;
  readonly stop: () => Promise<void>;
}

/** Starts the server and asks it ten times a second, until stopped. */
export async function startNeighbour(cluster: ClusterHandle): Promise<Neighbour> {
  const address = cluster.network.nodeAddress;
  const { folders } = cluster.cgroup;
  await Promise.all(folders.map(makeGroup));
  const join = folders.map((folder) => `echo $$ > '${folder}/neighbour/cgroup.procs'`).join(' && ');
  const server = execa('nsenter', [`--net=/run/netns/${cluster.nodeName}`, 'sh', '-c', `${join} && exec "$0" -e "$1" "$2"`, process.execPath, SERVER, address], { reject: false });
  const url = `http://${address}:${PORT}/`;
  await waitFor({ what: 'the neighbour to answer', seconds: 20 }, async () => when((await send({ url, timeoutMs: 1000 })).status === 200, 'no 200'));
  const times: number[] = [];
  const unanswered: string[] = [];
  const stopped = new AbortController();
  const asking = (async () => {
    while (!stopped.signal.aborted) {
      const started = performance.now();
      await send({ url, timeoutMs: 5000 }).then(() => times.push(performance.now() - started), (error: unknown) => {
        if (!(error instanceof NoAnswer)) throw error;
        unanswered.push(`${new Date().toISOString()} ${error.message}`);
      });
      await sleep(EVERY_MS);
    }
  })();
  return {
    latencies: () => {
      const [seen, missed] = [times.splice(0), unanswered.splice(0)];
      return { asked: seen.length + missed.length, unanswered: missed, p50: percentile(seen, 50) ?? 0, p99: percentile(seen, 99) ?? 0, longest: percentile(seen, 100) ?? 0 };
    },
    stop: async () => {
      stopped.abort();
      await asking;
      server.kill('SIGKILL');
      await server;
    },
  };
}

/** A child group of the node's; a new cpuset of version 1 is empty and would refuse processes. */
async function makeGroup(folder: string): Promise<void> {
  const group = join(folder, 'neighbour');
  await mkdir(group, { recursive: true });
  if (!folder.includes('/cpuset/')) return;
  for (const file of ['cpuset.cpus', 'cpuset.mems']) await writeFile(join(group, file), await readFile(join(folder, file), 'utf8'));
}
