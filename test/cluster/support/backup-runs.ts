// Asks for a backup as a person does, and follows it to its end; on the way its pod can be caught in one of its containers.
import { z } from 'zod';
import { RESOURCE } from '../../../charts/part-names.js';
import type { BackupStatus } from '../../../operator/api/backup-fields.js';
import { BACKUP_ANNOTATION, BACKUP_COMPONENT, COMPONENT_LABEL } from '../../../operator/api/object-names.js';
import { backupJobName } from '../../../operator/core/backup/backup-job.js';
import { toSeconds } from '../../../operator/core/timestamps.js';
import type { BackupContainer } from '../../../operator/core/backup/run-end.js';
import type { ContainerReference } from '../../../embedded/index.js';
import { printFigure } from './fault-report.js';
import { glitchTip } from './requested-rotations.js';
import type { Stack } from './stack.js';
import { waitFor, when } from './wait.js';

export type Ended =
  | { readonly kind: 'verified'; readonly seconds: number; readonly run: NonNullable<BackupStatus['lastVerified']> }
  | { readonly kind: 'failed'; readonly seconds: number; readonly run: NonNullable<BackupStatus['lastFailure']> };

export interface Caught {
  readonly copy: string;
  /** The container that runs. */
  readonly container: ContainerReference;
}

export interface During {
  readonly at: BackupContainer;
  /** Called as soon as that container runs. */
  readonly act: (caught: Caught) => Promise<unknown>;
}

const podList = z.object({ items: z.array(z.object({
  metadata: z.object({ name: z.string(), creationTimestamp: z.string() }),
  status: z.object({
    initContainerStatuses: z.array(z.object({ name: z.string(), state: z.object({ running: z.object({}).optional() }) })).default([]),
    containerStatuses: z.array(z.object({ name: z.string(), state: z.object({ running: z.object({}).optional() }) })).default([]),
  }),
})) });

/** A small database takes half a minute of the Job's half a core; a store that is away is tried for as long again. Seconds. */
const PATIENCE = 300;

export async function backupStatus(stack: Stack): Promise<BackupStatus> {
  return (await glitchTip(stack)).backup ?? {};
}

/** Asks, and resolves when the operator has begun it: the copy's name. */
export async function begin(stack: Stack): Promise<string> {
  const known = copiesOf(await backupStatus(stack));
  await stack.kubectl('annotate', 'gt', RESOURCE, '--overwrite', `${BACKUP_ANNOTATION}=${toSeconds(new Date())}`);
  return waitFor<string>({ what: 'the operator to begin a backup', seconds: 120, every: 0.2 }, async () => {
    const status = await backupStatus(stack);
    const copy = copiesOf(status).find((each) => !known.includes(each));
    return copy === undefined ? { seen: JSON.stringify(status) } : { found: copy };
  });
}

/** One backup, from the request to its end, whatever that is. */
export async function backup(stack: Stack, during?: During): Promise<Ended> {
  const asked = Date.now();
  const copy = await begin(stack);
  if (during) await during.act({ copy, container: await catchContainer(stack, copy, during.at) });
  return endOf(stack, copy, asked);
}

export async function endOf(stack: Stack, copy: string, since = Date.now()): Promise<Ended> {
  const ended = await waitFor<Ended>({ what: `backup ${copy} to end`, seconds: PATIENCE }, async () => {
    const { lastVerified, lastFailure, current } = await backupStatus(stack);
    const seconds = (Date.now() - since) / 1_000;
    if (lastVerified?.copy === copy) return { found: { kind: 'verified', seconds, run: lastVerified } };
    if (lastFailure?.copy === copy) return { found: { kind: 'failed', seconds, run: lastFailure } };
    return { seen: JSON.stringify({ current, lastVerified, lastFailure }) };
  });
  printFigure(`backup ${copy}: ${ended.kind === 'verified' ? 'verified' : `${ended.run.step}, ${ended.run.reason}, exit code ${ended.run.exitCode ?? 'none'}, ${ended.run.detail ?? 'no detail'}`} after ${ended.seconds.toFixed(0)} s`);
  return ended;
}

/** Looks so often that a step of a second is seen. */
export function catchContainer(stack: Stack, copy: string, name: BackupContainer): Promise<ContainerReference> {
  return catchRunning(stack, { component: BACKUP_COMPONENT, job: backupJobName(copy) }, name);
}

/** Of a Job that the operator makes, by the beginning of its name. */
export async function catchRunning(stack: Stack, { component, job }: { readonly component: string; readonly job: string }, name: string): Promise<ContainerReference> {
  return waitFor<ContainerReference>({ what: `container ${name} of Job ${job} to run`, seconds: PATIENCE, every: 0.1 }, async () => {
    const pods = (await podsOf(stack, component)).filter(({ metadata }) => metadata.name.startsWith(job));
    const pod = pods.find(({ status }) => [...status.initContainerStatuses, ...status.containerStatuses].some((each) => each.name === name && each.state.running !== undefined));
    return pod === undefined ? { seen: JSON.stringify(pods.map(({ status }) => status)) } : { found: { namespace: stack.namespace, pod: pod.metadata.name, container: name } };
  });
}

async function podsOf(stack: Stack, component: string): Promise<z.infer<typeof podList>['items']> {
  const selector = encodeURIComponent(`${COMPONENT_LABEL}=${component}`);
  return podList.parse(JSON.parse(await stack.get(`/api/v1/namespaces/${stack.namespace}/pods?labelSelector=${selector}`))).items;
}

/** Names of the Jobs of backups that there are. */
export async function backupJobs(stack: Stack): Promise<string[]> {
  return (await stack.kubectl('get', 'jobs', '--selector', `${COMPONENT_LABEL}=${BACKUP_COMPONENT}`, '--output', 'jsonpath={.items[*].metadata.name}')).split(' ').filter((name) => name !== '');
}

/** None runs, and none is asked for: the next test finds the store to itself. */
export async function untilIdle(stack: Stack): Promise<void> {
  await waitFor<true>({ what: 'no backup to run', seconds: PATIENCE }, async () => {
    const { current } = await backupStatus(stack);
    return when(current === undefined, JSON.stringify(current));
  });
}

function copiesOf({ current, lastVerified, lastFailure }: BackupStatus): string[] {
  return [current, lastVerified, lastFailure].flatMap((run) => (run === undefined ? [] : [run.copy]));
}
