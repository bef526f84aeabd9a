// What a support archive is made of: each file by itself, so that one that may not be read leaves the others.
import { stringify } from 'yaml';
import * as z from 'zod';
import { diagnose } from '../commands/doctor.js';
import { readSummary } from '../commands/status.js';
import { renderFindings } from '../doctor/findings-table.js';
import { plain } from '../output.js';
import { renderSummary } from '../report/status-text.js';
import { KIND_NAME, ask, type Place } from '../glitchtip-resource-access.js';
import type { Scrubber } from './scrubber.js';

/** One file of the archive; its text is already without secrets. */
export interface Source {
  readonly path: string;
  /** @throws Failure when it cannot be read */
  readonly read: () => Promise<string>;
}

/** Lines and bytes of a container's log that are taken, the latest ones. */
const LOG_LINES = 3_000;
const LOG_BYTES = 1_000_000;

/** Kinds of the namespace, by the file that they go to. */
const KINDS = [
  ['resource.yaml', KIND_NAME], ['workloads.yaml', 'deployments,statefulsets,replicasets,jobs,cronjobs'], ['pods.yaml', 'pods'], ['events.yaml', 'events'],
  ['configmaps.yaml', 'configmaps'], ['services.yaml', 'services,endpointslices'], ['ingresses.yaml', 'ingresses'], ['network-policies.yaml', 'networkpolicies'],
  ['claims.yaml', 'persistentvolumeclaims'], ['quota.yaml', 'resourcequotas'], ['leases.yaml', 'leases'],
] as const;

export function sourcesOf(place: Place, scrubber: Scrubber): readonly Source[] {
  return [
    { path: 'status.txt', read: async () => scrubber.text(renderSummary(await readSummary(place), new Date(), plain)) },
    { path: 'doctor.txt', read: async () => scrubber.text(renderFindings((await diagnose(place)).findings, plain)) },
    { path: 'versions.yaml', read: async () => asYaml(JSON.parse(await ask(place, 'version', '--output', 'json')), scrubber) },
    ...KINDS.map(([path, kind]) => ({ path, read: async () => asYaml(JSON.parse(await ask(place, 'get', kind, '--output', 'json')), scrubber) })),
    { path: 'nodes.txt', read: async () => scrubber.text(await ask(place, 'describe', 'nodes')) },
  ];
}

function asYaml(value: unknown, scrubber: Scrubber): string {
  return scrubber.text(stringify(scrubber.object(withoutNoise(value)), { lineWidth: 0 }));
}

/** Duplicates of other fields, and what nobody reads: only more places in which a value could be. */
function withoutNoise(value: unknown, key = ''): unknown {
  if (key === 'managedFields' || key === 'kubectl.kubernetes.io/last-applied-configuration') return undefined;
  if (key === 'binaryData' && typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, data]) => [name, `(${String(data).length} characters of base64)`]));
  }
  if (Array.isArray(value)) return value.map((item) => withoutNoise(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutNoise(inner, name)]));
}

const podList = z.object({ items: z.array(z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ containers: z.array(z.object({ name: z.string() })), initContainers: z.array(z.object({ name: z.string() })).default([]) }),
  status: z.object({
    containerStatuses: z.array(z.object({ name: z.string(), restartCount: z.number() })).default([]),
    initContainerStatuses: z.array(z.object({ name: z.string(), restartCount: z.number() })).default([]),
  }).default({ containerStatuses: [], initContainerStatuses: [] }),
})) });

/** The log of every container, and of the one before where it was restarted. */
export async function logSources(place: Place, scrubber: Scrubber): Promise<readonly Source[]> {
  const { items } = podList.parse(JSON.parse(await ask(place, 'get', 'pods', '--output', 'json')));
  return items.flatMap(({ metadata: { name: pod }, spec, status }) => {
    const restarted = new Set([...status.containerStatuses, ...status.initContainerStatuses].filter(({ restartCount }) => restartCount > 0).map(({ name }) => name));
    const log = (container: string, ...more: string[]) => async () =>
      scrubber.text(await ask(place, 'logs', pod, '--container', container, '--timestamps', `--tail=${LOG_LINES}`, `--limit-bytes=${LOG_BYTES}`, ...more));
    return [...spec.initContainers, ...spec.containers].flatMap(({ name }) => [
      { path: `logs/${pod}/${name}.log`, read: log(name) },
      ...(restarted.has(name) ? [{ path: `logs/${pod}/${name}.previous.log`, read: log(name, '--previous') }] : []),
    ]);
  });
}
