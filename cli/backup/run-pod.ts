// Which step of a backup its pod is in: pure, from kubectl's JSON.
import * as z from 'zod';
import { BACKUP_CONTAINERS, type BackupContainer } from '../../operator/core/backup/run-end.js';

const containerStatus = z.object({
  name: z.string(),
  state: z.object({
    waiting: z.object({ reason: z.string().default('') }).optional(),
    running: z.object({}).optional(),
    terminated: z.object({ exitCode: z.number() }).optional(),
  }).default({}),
});

const podList = z.object({ items: z.array(z.object({
  status: z.object({
    phase: z.string().default('Pending'),
    initContainerStatuses: z.array(containerStatus).default([]),
    containerStatuses: z.array(containerStatus).default([]),
  }).default({ phase: 'Pending', initContainerStatuses: [], containerStatuses: [] }),
})) });

export interface RunStep {
  /** The one that runs, or is the next to start. */
  readonly step: BackupContainer;
  readonly message: string;
}

const DOES: Readonly<Record<BackupContainer, string>> = {
  dump: 'dumps the database, and counts its tables',
  restore: 'restores the dump into a server of its own, and counts again',
  store: 'compares both, encrypts and stores',
};

/** Undefined while there is no pod. */
export function stepOf(json: string): RunStep | undefined {
  const [pod] = podList.parse(JSON.parse(json)).items;
  if (pod === undefined) return undefined;
  const containers = [...pod.status.initContainerStatuses, ...pod.status.containerStatuses];
  const ended = (name: string): boolean => containers.find((one) => one.name === name)?.state.terminated?.exitCode === 0;
  const step = BACKUP_CONTAINERS.find((name) => !ended(name)) ?? 'store';
  const waiting = containers.find(({ name }) => name === step)?.state.waiting?.reason;
  // The kubelet's words for a pod whose earlier containers have not ended.
  const isHeldUp = waiting !== undefined && !['', 'PodInitializing', 'ContainerCreating'].includes(waiting);
  return { step, message: isHeldUp ? `waits: ${waiting}` : DOES[step] };
}
