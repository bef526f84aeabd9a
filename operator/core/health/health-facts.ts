// What the observers saw of one GlitchTip in one check. Each part may be unobserved, and then says why: unobserved is not healthy.
import type { Release } from '../../api/glitchtip-releases.js';
import type { BackupStatus } from '../../api/backup-fields.js';
import type { MoveStatus } from '../../api/move-fields.js';
import type { RestoreStatus } from '../../api/restore-fields.js';
import type { UpgradeStatus } from '../../api/upgrade-fields.js';
import type { Holder } from '../operations/exclusion.js';
import type { ObservedLock } from '../operations/operation-lock.js';
import type { ObservedLogin } from '../credentials/observed.js';
import type { Seen } from '../seen.js';
import type { DeliveryToOld } from '../move/move-facts.js';

/** How a container ended. */
export interface ContainerEnd {
  /** The kubelet's reason: OOMKilled, Error, Completed. */
  readonly reason: string;
  readonly exitCode: number;
  readonly finishedAt?: Date;
  /** Its termination message says that the volume has no space left. */
  readonly noSpaceLeft: boolean;
  /** It says that it cut off the damaged end of Valkey's append-only file. Bytes. */
  readonly cutOffBytes?: number;
}

export type ContainerState =
  | { readonly kind: 'waiting'; readonly reason: string }
  | { readonly kind: 'running'; readonly startedAt: Date }
  | { readonly kind: 'ended'; readonly end: ContainerEnd };

export interface ContainerFacts {
  readonly name: string;
  readonly init: boolean;
  readonly image: string;
  readonly restarts: number;
  readonly state: ContainerState;
  readonly lastEnd?: ContainerEnd;
}

/** The readiness probe over HTTP, as the pod has it. */
export interface ProbeFacts {
  readonly path: string;
  readonly port: number;
  readonly host?: string;
  readonly timeoutSeconds: number;
}

export interface PodFacts {
  readonly name: string;
  /** Its label app.kubernetes.io/component. */
  readonly part: string;
  /** The Job that it belongs to. */
  readonly job?: string;
  readonly createdAt: Date;
  /** It is terminating. */
  readonly ending: boolean;
  /** Neither succeeded nor failed. */
  readonly alive: boolean;
  readonly ready: boolean;
  /** Since when it is Ready, or is not. */
  readonly readySince?: Date;
  readonly address?: string;
  readonly containers: readonly ContainerFacts[];
  readonly unschedulable?: { readonly since: Date; readonly message: string };
  /** The node put it out: for its own want, or because the pod wrote more than its limit. Without a message it did not say why. */
  readonly evicted?: { readonly at: Date; readonly message?: string };
  /** Seconds that its startup probe gives it. */
  readonly startSeconds: number;
  readonly memoryLimitBytes?: number;
  readonly probe?: ProbeFacts;
  /** Host name of GLITCHTIP_DOMAIN. */
  readonly domain?: string;
}

export interface WorkloadFacts {
  /** Its name, which is that of its part where the manifests made it. */
  readonly name: string;
  readonly part: string;
  readonly wanted: number;
  /** Why its newest pods do not come: the deadline of its rollout passed. */
  readonly stuck?: string;
  /** Why a pod could not even be created: the quota, an admission rule. */
  readonly refused?: { readonly since: Date; readonly message: string };
}

export interface JobFacts {
  readonly name: string;
  readonly part: string;
  readonly createdAt: Date;
  readonly outcome: 'running' | 'succeeded' | 'failed';
  /** Of the manifests' migrate Job: what it migrates to. */
  readonly release?: string;
  /** Somebody stopped it: it has no pod until it is resumed. */
  readonly suspended?: boolean;
  /** Pods of it that failed. */
  readonly failedPods: number;
  /** By its activeDeadlineSeconds; undefined: it has none. */
  readonly endsAt?: Date;
  /** For a deletion of this very Job as it was seen. */
  readonly version: { readonly uid: string; readonly resourceVersion: string };
}

export interface ClusterFacts {
  /** That everything was looked for in. */
  readonly namespace: string;
  readonly pods: Seen<readonly PodFacts[]>;
  readonly workloads: Seen<readonly WorkloadFacts[]>;
  readonly jobs: Seen<readonly JobFacts[]>;
  /** Bytes in use by pod, from metrics.k8s.io. */
  readonly memory: Seen<ReadonlyMap<string, number>>;
}

/** What came of one HTTP request. Seconds. */
export type Answer =
  | { readonly kind: 'answered'; readonly status: number; readonly seconds: number }
  | { readonly kind: 'silent'; readonly code: string; readonly seconds: number };

export interface WebFacts {
  /** `/_health/` through the Service, as localhost. */
  readonly health: Answer;
  /** The same as the host name of GLITCHTIP_DOMAIN. */
  readonly domain?: { readonly host: string; readonly answer: Answer };
  /** The front end's page, and the first file that it names. */
  readonly page?: Answer;
  readonly asset?: { readonly path: string; readonly answer: Answer };
  /** The probe of a pod, asked at its own address: where a pod is not Ready, or the Service does not answer. */
  readonly pods: readonly { readonly pod: string; readonly answer: Answer }[];
}

/** What came of the operator's own event. */
export type CanaryFacts =
  | { readonly kind: 'not sent'; readonly why: string }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'silent'; readonly code: string }
  | { readonly kind: 'stored'; readonly seconds: number }
  | CanaryMissing;

/** Accepted, and not found within its time. */
export interface CanaryMissing {
  readonly kind: 'not stored';
  /** Since the oldest one that is still looked for was accepted. */
  readonly oldestSeconds: number;
  /** Rows that anybody's events got while this one was waited for. */
  readonly storedMeanwhile: number;
  /** An earlier one was found after all, so long after it was accepted. */
  readonly lateSeconds?: number;
}

export interface PartitionFacts {
  readonly table: string;
  /** Days from now on without a gap. */
  readonly days: number;
  /** Days that are left right before the daily maintenance, when all is well. */
  readonly leastDays: number;
}

export interface PostgresFacts {
  /** System identifier of its data directory; undefined where the operator may not read it. */
  readonly system?: string;
  readonly bytes: number;
  readonly connections: number;
  /** Those that the application may have. */
  readonly connectionsMax: number;
  readonly longestTransactionSeconds: number;
  /** Sessions in the application's database that are of none of our parts: psql, pg_restore. */
  readonly foreignSessions: number;
  /** What of GlitchTip's schema is missing: a table or a function. */
  readonly missing: readonly string[];
  readonly partitions: readonly PartitionFacts[];
  /** Whose tables of events these are; undefined: there are none, or nobody knows them. */
  readonly schema?: Release;
  /** Where the queue is a table. */
  readonly tasks?: TaskFacts;
  /** The application's own login; tried when an event was not stored. */
  readonly login: ObservedLogin;
}

export type ObservedDatabase =
  | { readonly kind: 'not observed'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly why: string }
  /** It refuses the operator's own password. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'no connection left' }
  | { readonly kind: 'no database' }
  | { readonly kind: 'no space left' }
  | { readonly kind: 'seen'; readonly value: PostgresFacts };

/** Tasks that nobody will try again: they failed, or a worker that died had taken them. */
export interface LostTasks {
  readonly count: number;
  /** Events are among them. */
  readonly events: boolean;
  /** Since the newest of them failed, or was queued where nobody says when it failed. */
  readonly newestSeconds?: number;
}

/** What waits for the worker, wherever its queue is. */
export interface TaskFacts {
  readonly depth: number;
  readonly oldestTaskSeconds?: number;
  /** Absent: there are none, or this release keeps no trace of them. */
  readonly lost?: LostTasks;
}

/** Of Valkey. */
export interface QueueFacts extends TaskFacts {
  readonly usedBytes: number;
  /** 0: no limit. */
  readonly maxBytes: number;
  /** Its append-only file, or its snapshot where there is no such file, could not be written. */
  readonly writeFailed?: string;
}

export type ObservedQueue =
  | { readonly kind: 'none' }
  | { readonly kind: 'not observed'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly why: string }
  | { readonly kind: 'refused' }
  /** It reads its append-only file. */
  | { readonly kind: 'loading'; readonly secondsLeft: number }
  | { readonly kind: 'seen'; readonly value: QueueFacts };

export interface GatewayFacts {
  /** On its disk, and not stored by GlitchTip yet. */
  readonly liveBytes: number;
  readonly limitBytes: number;
  /** Since the oldest of it was received; undefined: there is none. */
  readonly oldestSeconds?: number;
  /** Since the oldest was received that was not given to GlitchTip yet; undefined: all was. */
  readonly waitingSeconds?: number;
  /** The largest request that GlitchTip was given and did not store yet; undefined: there is none. */
  readonly largestBytes?: number;
  /** Why it gives nothing to GlitchTip. */
  readonly closed?: string;
  /** Why somebody told it to give nothing. */
  readonly held?: string;
  /** Requests that a person has to look at. */
  readonly setAside: number;
  /** Of those, the oldest that went since it started, for there was no more room. */
  readonly setAsideDropped: number;
  /** Places of its disk that could not be read since it started. */
  readonly damaged: number;
  /** Of what is kept for a way back from a restore or an upgrade, requests that went, for what came needed their room. */
  readonly keptDropped: number;
  /** Items that GlitchTip does not keep, since it started. */
  readonly ignored: readonly { readonly project: number; readonly type: string; readonly items: number }[];
  /** Events that come by plain http: until when they are taken, and which projects sent some since it started. */
  readonly plain?: {
    readonly until: Date;
    /** `refused`: of the requests, those that came too late. */
    readonly projects: readonly { readonly project: number; readonly requests: number; readonly refused: number; readonly lastAt: Date }[];
  };
  /** Requests since it started of proxies that said https and are not believed, and the address of the last one. */
  readonly disbelieved?: { readonly address: string; readonly requests: number };
  /** When GlitchTip's worker was started, as far as it was told. */
  readonly workerStartedAt?: Date;
  /** Of the move from an old Sentry; undefined: there is none. */
  readonly move?: DeliveryToOld;
}

export type ObservedGateway =
  | { readonly kind: 'none' }
  | { readonly kind: 'not observed'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly why: string }
  /** It refuses the token of its Secret. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'seen'; readonly value: GatewayFacts };

export interface VolumeFacts {
  readonly name: string;
  readonly usedBytes: number;
  readonly capacityBytes: number;
}

/** From when until when a certificate is valid. */
export interface Validity {
  readonly startsAt: Date;
  readonly endsAt: Date;
}

/** Of the Secret that the settings name. */
export type CertificateFacts =
  | { readonly kind: 'none' }
  | { readonly kind: 'unseen'; readonly why: string }
  /** The Secret was looked for, and it is not there or holds no certificate: "does not exist". */
  | { readonly kind: 'missing'; readonly secret: string; readonly why: string }
  | ({ readonly kind: 'seen'; readonly secret: string } & Validity);

/** What whoever asks for the public name by TLS is shown. */
export type ServedCertificate =
  | { readonly kind: 'none' }
  /** `address`: of k3s' Traefik, which does not answer. */
  | { readonly kind: 'silent'; readonly address: string; readonly code: string }
  /** `subject`: whose it is, such as CN=TRAEFIK DEFAULT CERT. */
  | ({
    readonly kind: 'seen'; readonly name: string; readonly subject: string; readonly isForName: boolean;
    /** Whether answers tell browsers to come by https only; undefined: there was no answer. */
    readonly hasHsts?: boolean | undefined;
    /** What is answered in clear; undefined: nothing. */
    readonly plain?: { readonly status: number; readonly location?: string | undefined } | undefined;
  } & Validity);

/** What the tunnel says of itself. */
export type TunnelFacts =
  | { readonly kind: 'none' }
  /** It does not answer. */
  | { readonly kind: 'silent'; readonly code: string }
  /** Its connections to Cloudflare: four when all is well. */
  | { readonly kind: 'seen'; readonly connections: number };

/** What cert-manager does about the certificate of the public name. */
export type IssuanceFacts =
  /** It is not asked for one, or nothing is under way. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unseen'; readonly why: string }
  /** An order has no end yet; `reason`: what the challenge or the order says. */
  | { readonly kind: 'under way'; readonly since: Date; readonly reason: string }
  /** The newest order came to nothing, or the Issuer is not ready. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface OperationFacts {
  readonly lock: ObservedLock;
  /** Who holds it, as far as that one has not ended. */
  readonly holder?: Holder;
  /** Jobs of ours that are at work; undefined: they could not be seen. */
  readonly jobs?: readonly Holder[];
}

export interface LeakFacts {
  /** When somebody said so, as far as it is known. */
  readonly since: Date;
  /** Nothing is replaced yet, it is being replaced, or replacing it was given up. */
  readonly state: 'waits' | 'under way' | 'given up';
  /** What is waited for, or why it was given up. */
  readonly message?: string;
}

export interface CredentialFacts {
  /** System identifier of the database that was set up; undefined: none was yet. */
  readonly database?: string;
  /** A rotation was undone for the last time. */
  readonly failed?: string;
  /** When the schedule wanted the next one. */
  readonly nextAt?: Date;
  /** A rotation is changing something: its phase. */
  readonly phase?: string;
  /** What leaked is still valid. */
  readonly leak?: LeakFacts;
}

/** What earlier checks saw, as far as this one needs it. */
export interface Before {
  /** Of the check before this one. */
  readonly last?: { readonly at: Date; readonly depth?: number; readonly waitingSeconds?: number };
  /** Parts that should have a pod and have none: since which check. */
  readonly podless?: ReadonlyMap<string, Date>;
  /** Oldest first; at most one a minute. */
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly at: Date;
  readonly queueBytes?: number;
  readonly spoolBytes?: number;
  /** By pod. */
  readonly memory: ReadonlyMap<string, number>;
}

export interface Facts {
  readonly cluster: ClusterFacts;
  readonly web: WebFacts;
  readonly canary: CanaryFacts;
  readonly database: ObservedDatabase;
  readonly queue: ObservedQueue;
  readonly gateway: ObservedGateway;
  readonly volumes: Seen<readonly VolumeFacts[]>;
  readonly certificate: CertificateFacts;
  readonly served: ServedCertificate;
  readonly issuance: IssuanceFacts;
  readonly tunnel: TunnelFacts;
  readonly credentials: CredentialFacts;
  /** The recorded lock of operations. */
  readonly operation: OperationFacts;
  /** What the backup controller says of copies; undefined where none are made. */
  readonly backup?: BackupStatus;
  /** What the restore controller says; undefined where nothing was ever restored. */
  readonly restore?: RestoreStatus;
  /** What the upgrade controller says; undefined where there never was one. */
  readonly upgrade?: UpgradeStatus;
  /** What the move controller says; undefined where there never was a move. */
  readonly move?: MoveStatus;
  readonly before: Before;
}

/** Undefined: what waits was not seen. */
export function tasksOf({ queue, database }: Pick<Facts, 'queue' | 'database'>): TaskFacts | undefined {
  if (queue.kind === 'seen') return queue.value;
  return queue.kind === 'none' && database.kind === 'seen' ? database.value.tasks : undefined;
}
