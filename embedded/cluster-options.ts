/** What a caller may ask of the embedded cluster, and the one fully resolved description that everything else reads. */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseMemory } from '../charts/quantity.js';

/** The instance that `npm start` and `npm run cluster` use when no name is given. */
export const defaultName = 'glitchkeeper';

/** The memory of the host that the product is made for. */
export const defaultMemory = '1.9Gi';

/**
 * Kept back from pods by the node (kubeReserved): what etcd and the control plane use inside the same cgroup, about
 * 480 MiB when measured, so that the scheduler refuses what a real 1.9 GiB host could not hold.
 */
export const defaultReserved = '500Mi';

export interface ClusterOptions {
  /** Instances with different names share nothing but the binaries. Lower-case letters, digits and dashes, at most 30. */
  readonly name?: string | undefined;
  /** Memory of the "host", control plane included: "1.9Gi", "2048Mi", or "none" for no limit. Default 1.9Gi. */
  readonly memory?: string | undefined;
  /** What the node keeps back from pods, as a quantity. Default 500Mi. */
  readonly reserved?: string | undefined;
  /** Forget an earlier state of this instance first (etcd, volumes, images). */
  readonly fresh?: boolean | undefined;
  /** File to which the API server appends one JSON line a request (audit level Metadata). Default: no audit log. */
  readonly audit?: string | undefined;
  /** Import the local images. False brings up an API without pods, DNS among them. Default true. */
  readonly images?: boolean | undefined;
  /**
   * Drop the control plane's programs from the page cache first, so that their pages are charged to this instance's
   * cgroup and not to whoever ran or built them before: about 0.3 GiB, reclaimable. For measurements. Default false.
   */
  readonly countPrograms?: boolean | undefined;
  /** Aborting stops a start that is under way and takes down what it had started. */
  readonly signal?: AbortSignal | undefined;
  /** Receives one line of progress at a time. Default: standard error. */
  readonly log?: ((line: string) => void) | undefined;
}

/** Where an instance keeps its things. */
export interface ClusterPaths {
  readonly root: string;
  readonly pki: string;
  readonly config: string;
  readonly kubeconfigs: string;
  readonly log: string;
  /** Emptied at every start, like /run at boot. */
  readonly run: string;
  readonly kubeconfig: string;
}

export interface ClusterSettings {
  readonly name: string;
  /** Name of the network namespace, the cgroup and the node. */
  readonly resource: string;
  /** Bytes; undefined means no limit. */
  readonly memoryBytes: number | undefined;
  readonly reservedBytes: number;
  readonly audit: string | undefined;
  readonly paths: ClusterPaths;
  readonly signal: AbortSignal | undefined;
}

/** A value in the caller's options that cannot be used. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

/** Bytes of a Kubernetes memory quantity with a unit; throws OptionError for anything else. */
export function parseMemoryOption(option: string, text: string): number {
  const bytes = parseMemory(text);
  if (bytes === undefined) throw new OptionError(`${option}: expected a quantity with a unit such as 1.9Gi, found "${text}"`);
  return Math.floor(bytes);
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Folder of all instances: $GLITCHKEEPER_STATE, else $XDG_STATE_HOME/glitchkeeper, else ~/.local/state/glitchkeeper. */
export function stateRoot(env: Environment): string {
  return env['GLITCHKEEPER_STATE'] ?? join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'glitchkeeper');
}

/** Folder of what can be built again: $GLITCHKEEPER_CACHE, else $XDG_CACHE_HOME/glitchkeeper, else ~/.cache/glitchkeeper. */
export function cacheRoot(env: Environment): string {
  return env['GLITCHKEEPER_CACHE'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'glitchkeeper');
}

function pathsFor(root: string): ClusterPaths {
  const longestSocket = join(root, 'run', 'containerd.sock.ttrpc');
  if (longestSocket.length > 107) {
    throw new OptionError(`the state folder ${root} is too deep for a Unix socket: set GLITCHKEEPER_STATE to a shorter one`);
  }
  return {
    root,
    pki: join(root, 'pki'),
    config: join(root, 'config'),
    kubeconfigs: join(root, 'kubeconfigs'),
    log: join(root, 'log'),
    run: join(root, 'run'),
    kubeconfig: join(root, 'kubeconfig'),
  };
}

/** Checks the options and fills in the defaults. */
export function resolveOptions(options: ClusterOptions, env: Environment): ClusterSettings {
  const name = options.name ?? defaultName;
  if (!/^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$/.test(name)) {
    throw new OptionError(`--name: expected at most 30 lower-case letters, digits and dashes, found "${name}"`);
  }
  const memory = options.memory ?? defaultMemory;
  return {
    name,
    resource: name === defaultName ? defaultName : `${defaultName}-${name}`,
    memoryBytes: memory === 'none' ? undefined : parseMemoryOption('--memory', memory),
    reservedBytes: parseMemoryOption('--reserved', options.reserved ?? defaultReserved),
    audit: options.audit === undefined ? undefined : resolve(options.audit),
    signal: options.signal,
    paths: pathsFor(join(stateRoot(env), 'clusters', name)),
  };
}

/** Short stable hash for cache keys. */
export function shortHash(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
}
