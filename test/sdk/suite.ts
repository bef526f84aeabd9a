// What a test of this suite is, what it gets to work with, and how it reports: passed, accepted only, skipped or failed.
import type { Dsn } from './dsn.js';
import type { EventStore } from './event-store.js';
import type { Sdk } from './sdk.js';

/**
 * passed: everything that the test promises was seen. accepted only: the server said 200, but without a token nobody
 * looked whether it stored anything. skipped: not run, for the reason in `detail`.
 */
export type Result = 'passed' | 'accepted only' | 'skipped' | 'failed';

export interface Finding {
  readonly result: Result;
  /** One line: what was seen, or why not. */
  readonly detail: string;
  /** Counts, where the test sends events. `stored` is absent when nobody looked. */
  readonly sent?: number;
  readonly accepted?: number;
  readonly stored?: number;
}

export interface VerifySettings {
  /** Seconds that an accepted event may take to be found again. */
  readonly wait: number;
  /** Events of the first part of 03. */
  readonly burst: number;
  /** Events per second, and for how many seconds, of the second part of 03. */
  readonly rate: number;
  readonly seconds: number;
  readonly allowRemoteLoad: boolean;
  /** The caller says that the instance is behind the ingest gateway, so that streamed spans must become transactions. */
  readonly gateway: boolean;
  readonly cluster?: ClusterSettings;
  readonly login?: { readonly email: string; readonly password: string };
}

export interface ClusterSettings {
  /** Path; undefined reads KUBECONFIG or ~/.kube/config as kubectl does. */
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace: string;
}

/** What a test works with. */
export interface Context {
  readonly dsn: Dsn;
  readonly sdk: Sdk;
  /** Reads events back; absent without a token. */
  readonly store?: EventStore;
  readonly settings: VerifySettings;
  /** Shows that a long test is alive. */
  readonly note: (line: string) => void;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export interface Check {
  /** Number of the file and of the test in it: 01.3. */
  readonly id: string;
  readonly name: string;
  run(context: Context): Promise<Finding>;
}

export interface Suite {
  /** The name of its file. */
  readonly name: string;
  readonly checks: readonly Check[];
}

export function passed(detail: string): Finding {
  return { result: 'passed', detail };
}

export function failed(detail: string): Finding {
  return { result: 'failed', detail };
}

export function skipped(detail: string): Finding {
  return { result: 'skipped', detail };
}
