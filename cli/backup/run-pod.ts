// Which step of its run a pod is in: pure, from kubectl's JSON.
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

export interface RunStep<S extends string = BackupContainer> {
  /** The one that runs, or is the next to start. */
  readonly step: S;
  readonly message: string;
}

const DOES: Readonly<Record<BackupContainer, string>> = {
  dump: 'dumps the database, and counts its tables',
  restore: 'restores the dump into a server of its own, and counts again',
  store: 'compares both, encrypts and stores',
};

/** Of a backup. Undefined while there is no pod. */
export function stepOf(json: string): RunStep | undefined {
  return stepAmong(json, BACKUP_CONTAINERS, DOES);
}

/** @param steps containers in the order in which they end @param does what each does, for a person */
export function stepAmong<S extends string>(json: string, steps: readonly S[], does: Readonly<Record<S, string>>): RunStep<S> | undefined {
  const [pod] = podList.parse(JSON.parse(json)).items;
  if (pod === undefined) return undefined;
  const containers = [...pod.status.initContainerStatuses, ...pod.status.containerStatuses];
  const ended = (name: string): boolean => containers.find((one) => one.name === name)?.state.terminated?.exitCode === 0;
  const step = steps.find((name) => !ended(name)) ?? steps.at(-1);
  if (step === undefined) return undefined;
  const waiting = containers.find(({ name }) => name === step)?.state.waiting?.reason;
  // The kubelet's words for a pod whose earlier containers have not ended.
  const isHeldUp = waiting !== undefined && !['', 'PodInitializing', 'ContainerCreating'].includes(waiting);
  return { step, message: isHeldUp ? `waits: ${waiting}` : does[step] };
}
