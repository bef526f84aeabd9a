// A pod that writes 45 MB of log within two minutes, and what the kubelet keeps of it.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { busyboxImage } from '../../../embedded/images/index.js';
import type { ClusterHandle } from '../../../embedded/index.js';
import { waitFor, when } from './wait.js';

const NAME = 'chatterbox';
/** Lines of 1 KiB; the kubelet looks at the size every 10 s, so what is written in between is above the bound. */
const LINES = 45 * 1024;
const LINES_PER_SECOND = 450;
export const WRITTEN_BYTES = LINES * 1024;

const SCRIPT = [
  'line=$(head -c 1023 /dev/zero | tr "\\0" x); written=0',
  `while [ $written -lt ${LINES} ]; do n=0; while [ $n -lt ${LINES_PER_SECOND} ]; do echo "$line"; n=$((n+1)); done; written=$((written+n)); sleep 1; done`,
  'exec sleep 86400',
].join('\n');

export async function startChatterbox(cluster: ClusterHandle): Promise<void> {
  const pod = {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: NAME, namespace: 'default' },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: NAME, image: busyboxImage, imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', SCRIPT], resources: { limits: { memory: '32Mi', cpu: '100m' } } }],
    },
  };
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(pod));
}

export interface LogFile {
  readonly name: string;
  readonly bytes: number;
}

/** The log's files once everything is written. */
export async function chatterboxLogs(cluster: ClusterHandle): Promise<LogFile[]> {
  await waitFor({ what: 'the pod to have written its log', seconds: 180, every: 2 }, async () => {
    const processes = await cluster.kubectl(['--namespace', 'default', 'exec', NAME, '--', 'ps', '-o', 'args']);
    return when(processes.includes('sleep 86400'), processes);
  });
  const root = join(cluster.paths.root, 'podlogs');
  const pod = (await readdir(root)).find((folder) => folder.startsWith(`default_${NAME}_`));
  const folder = join(root, pod ?? '', NAME);
  return waitFor<LogFile[]>({ what: 'the kubelet to have rotated the log to three files', seconds: 60, every: 2 }, async () => {
    const names = (await readdir(folder)).filter((name) => !name.endsWith('.tmp'));
    const files = await Promise.all(names.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })));
    const text = files.map(({ name, bytes }) => `${name} ${bytes}`).join(', ');
    return files.length === 3 ? { found: files } : { seen: text };
  });
}
