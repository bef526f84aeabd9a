// Which parts a version and a profile have: the one place that decides between split and single process, with or without Valkey.
import type { Component } from './part-names.js';
import { releaseFacts, type Process, type WorkerHeartbeat } from './releases.js';
import type { ContainerResources, Settings } from './settings/schema.js';

export interface Topology {
  readonly tag: string;
  readonly web: Process;
  readonly webResources: ContainerResources;
  /** Undefined where web does the worker's job too. */
  readonly worker?: { readonly process: Process; readonly heartbeat: WorkerHeartbeat };
  /** False: queue, cache and sessions live in PostgreSQL. */
  readonly valkey: boolean;
  /** Events are taken by the gateway, which gives them to web. */
  readonly gateway: boolean;
  /** People and SDKs come by a Cloudflare Tunnel. */
  readonly tunnel: boolean;
  /** Where copies go; undefined: none are made. */
  readonly backup?: 's3' | 'volume';
  /** Events of the release before may be in an archive. */
  readonly legacyImport: boolean;
  /** The gateway gives events to an old Sentry, too, and its projects are imported. */
  readonly move: boolean;
}

export function topologyOf(settings: Settings): Topology {
  const { split, single, tag, importsFrom } = releaseFacts(settings.version);
  const valkey = settings.profile === 'classic';
  const { backup: { store }, gateway: { enabled: gateway }, https: { mode }, move: { from } } = settings;
  const parts = { tag, legacyImport: importsFrom !== undefined, valkey, gateway, tunnel: mode === 'tunnel', move: gateway && from !== undefined, ...(store === 'none' ? {} : { backup: store }) };
  if (valkey) {
    return {
      ...parts, web: split.web, webResources: settings.resources.web,
      worker: { process: split.worker, heartbeat: split.heartbeat },
    };
  }
  if (single === undefined) throw new RangeError(`GlitchTip ${settings.version} has no single process; the settings' schema refuses this`);
  return { ...parts, web: single, webResources: settings.resources.single };
}

/** Whom people and SDKs reach first. */
export function frontPart(settings: Settings): 'gateway' | 'web' {
  return topologyOf(settings).gateway ? 'gateway' : 'web';
}

/** What there may be. */
interface Parts {
  readonly valkey?: object | boolean | undefined;
  readonly worker?: object | undefined;
  readonly gateway?: object | boolean | undefined;
  readonly tunnel?: object | boolean | undefined;
}

/** Of a topology, or of a GlitchTip resource's spec, in the order in which they start. */
export function partsOf({ valkey, worker, gateway, tunnel }: Parts): Component[] {
  const has = (part: object | boolean | undefined) => part !== undefined && part !== false;
  return ['operator', 'postgres', ...(has(valkey) ? ['valkey'] as const : []), ...(has(gateway) ? ['gateway'] as const : []), 'migrate', 'web', ...(worker === undefined ? [] : ['worker'] as const), ...(has(tunnel) ? ['tunnel'] as const : [])];
}
