// Which parts a version and a profile have: the one place that decides between split and single process, with or without Valkey.
import { releaseFacts, type Process, type ReleaseFacts, type WorkerHeartbeat } from './releases.js';
import { bytesOf, milliCpuOf } from './quantity.js';
import type { ContainerResources, Settings } from './settings.js';

export interface Topology {
  readonly tag: string;
  readonly web: Process;
  readonly webResources: ContainerResources;
  /** Undefined where web does the worker's job too. */
  readonly worker?: { readonly process: Process; readonly heartbeat: WorkerHeartbeat };
  /** False: queue, cache and sessions live in PostgreSQL. */
  readonly valkey: boolean;
}

export function topologyOf(settings: Settings): Topology {
  const release: ReleaseFacts = releaseFacts(settings.version);
  const valkey = settings.profile === 'classic';
  const { split, single, tag } = release;
  if (split !== undefined && settings.profile === 'classic') {
    return {
      tag, valkey, web: split.web, webResources: settings.resources.web,
      worker: { process: split.worker, heartbeat: split.heartbeat },
    };
  }
  if (single === undefined) throw new RangeError(`GlitchTip ${settings.version} has no single process; the settings' schema refuses this`);
  return { tag, valkey, web: single, webResources: together(settings.resources.web, settings.resources.worker) };
}

/** One process that does two jobs gets what both would have had. */
function together(one: ContainerResources, other: ContainerResources): ContainerResources {
  const sum = (kind: 'requests' | 'limits') => ({
    cpu: `${milliCpuOf(one[kind].cpu) + milliCpuOf(other[kind].cpu)}m`,
    memory: `${Math.floor((bytesOf(one[kind].memory) + bytesOf(other[kind].memory)) / 2 ** 20)}Mi`,
  });
  return { requests: sum('requests'), limits: sum('limits') };
}
