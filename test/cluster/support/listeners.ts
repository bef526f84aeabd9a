// Which TCP ports are listened on, by whom, and in which network namespace: read from /proc, so that other programs of the machine do not count.
import { readFile, readdir, readlink } from 'node:fs/promises';
import * as net from 'node:net';
import { execa } from 'execa';
import type { ClusterHandle } from '../../../embedded/index.js';
import { processesIn } from '../../../embedded/cgroups.js';

const LISTEN = '0A';

/** Socket inodes by port in the network namespace of a process ("self", or a number). */
async function listening(process: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const table of ['tcp', 'tcp6']) {
    const rows = (await readFile(`/proc/${process}/net/${table}`, 'utf8').catch(() => '')).split('\n').slice(1);
    for (const row of rows) {
      const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
      if (state === LISTEN && local !== undefined && inode !== undefined) found.set(inode, parseInt(local.split(':')[1] ?? '', 16));
    }
  }
  return found;
}

/** Ports of this machine's own network namespace on which a process of the cluster listens. */
export async function hostPortsOf(cluster: ClusterHandle): Promise<number[]> {
  const host = await listening('self');
  const ports = new Set<number>();
  for (const id of await processesIn(cluster.cgroup)) {
    for (const inode of await socketsOf(id)) {
      const port = host.get(inode);
      if (port !== undefined) ports.add(port);
    }
  }
  return [...ports];
}

/** Ports that are listened on inside the node's namespace: the node's own, pods have namespaces of theirs. */
export async function nodePorts(cluster: ClusterHandle): Promise<number[]> {
  const { stdout } = await execa('nsenter', [`--net=/run/netns/${cluster.nodeName}`, 'cat', '/proc/net/tcp', '/proc/net/tcp6']);
  const rows = stdout.split('\n').map((row) => row.trim().split(/\s+/)).filter(([, , , state]) => state === LISTEN);
  return [...new Set(rows.map(([, local]) => parseInt(local?.split(':')[1] ?? '', 16)))].toSorted((a, b) => a - b);
}

/** Ports of this machine that anything listens on. */
export async function hostPorts(): Promise<Set<number>> {
  return new Set((await listening('self')).values());
}

async function socketsOf(id: number): Promise<string[]> {
  const files = await readdir(`/proc/${id}/fd`).catch(() => []);
  const links = await Promise.all(files.map((file) => readlink(`/proc/${id}/fd/${file}`).catch(() => '')));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

/** "open", or the code of the refusal. */
export function knock(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: 2000 });
    const end = (result: string): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end('open'));
    socket.once('timeout', () => end('ETIMEDOUT'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
