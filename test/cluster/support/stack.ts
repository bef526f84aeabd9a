// The stack on its embedded cluster, as all tests on real pods share it: synthesize, apply, wait, look.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { connect, get } from '../../../embedded/api.js';
import { WEB } from '../../../charts/part-names.js';
import { HTTP_PORT } from '../../../charts/releases.js';
import { checkSettings } from '../../../charts/settings/load-settings.js';
import { topologyOf } from '../../../charts/topology.js';
import type { Settings, SettingsInput } from '../../../charts/settings/schema.js';
import { clusterRanges, down, up, type ClusterHandle } from '../../../embedded/index.js';
import type { Release } from '../../../operator/api/glitchtip-releases.js';
import type { ClusterConnection } from '../../../operator/io/kubernetes/connection.js';
import { ALERT_PORTS } from '../../support/alerts/inside.js';
import { PARTS, explainPods, partPods, presentPod, type Part, type PartPod } from './parts.js';
import { printFigure } from './fault-report.js';
import { waitFor } from './wait.js';

/** Set to leave the cluster running afterwards and to use it again: a single test is then tried with `-t` in seconds. */
export const KEEP = process.env['GLITCHKEEPER_KEEP_PODS'] !== undefined;

/** Of every suite: the defaults, the networks of its cluster, a way out to the tests' own receivers of alerts, and no backup at half past two beside what is tested. */
const SETTINGS = { network: { clusterRanges: [...clusterRanges] }, alerts: { ports: [...ALERT_PORTS] }, backup: { enabled: false } } satisfies SettingsInput;

const WORKLOADS: Readonly<Record<Part, string>> = {
  operator: 'deployment/glitchkeeper', postgres: 'statefulset/postgres', valkey: 'statefulset/valkey', gateway: 'deployment/gateway', web: 'deployment/web', worker: 'deployment/worker',
};

/** Manifests that were synthesized, and the settings that they were made from. */
export interface Synthesized {
  readonly folder: string;
  readonly settings: Settings;
}

export class Stack {
  private handle: ClusterHandle | undefined;
  private connection: ClusterConnection | undefined;
  private folder: string | undefined;
  private built: Synthesized | undefined;
  private applied: Synthesized | undefined;

  /** @param own settings of this suite, beside those of every suite */
  constructor(readonly name: string, private readonly own: SettingsInput = {}) {}

  get cluster(): ClusterHandle {
    if (this.handle === undefined) throw new Error(`the cluster ${this.name} was not started`);
    return this.handle;
  }

  /** What the settings of every suite make. */
  get manifests(): Synthesized {
    if (this.built === undefined) throw new Error('nothing was synthesized yet');
    return this.built;
  }

  /** Of GlitchTip, as it was applied last. */
  get release(): Release {
    return (this.applied ?? this.manifests).settings.version;
  }

  /** Those of the profile that was applied last: one process does the worker's job, too, and is without Valkey. */
  get parts(): readonly Part[] {
    const { worker, valkey } = topologyOf((this.applied ?? this.manifests).settings);
    return PARTS.filter((part) => (part !== 'worker' || worker !== undefined) && (part !== 'valkey' || valkey));
  }

  get namespace(): string {
    return this.manifests.settings.namespace;
  }

  /** The cluster, empty, and the manifests; nothing is applied yet. */
  async start(): Promise<void> {
    await this.prepare();
    this.handle = await up({ name: this.name, fresh: !KEEP, log: printFigure });
  }

  /** The manifests alone: somebody else brings the cluster up. */
  async prepare(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-pods-'));
    this.built = await this.synthesize('default');
  }

  /** The cluster that somebody else brings up, once its node is Ready. */
  async join(): Promise<void> {
    this.handle = await up({ name: this.name, log: printFigure });
  }

  /** File of the settings that a label was synthesized from. */
  settingsFile(label = 'default'): string {
    return join(this.folder ?? '', `${label}.yaml`);
  }

  async stop(): Promise<void> {
    if (!KEEP) await down({ name: this.name, delete: true });
    if (this.folder !== undefined) await rm(this.folder, { recursive: true, force: true });
  }

  /** `settings.yaml` to manifests by the very command that people use, into a folder of its own. */
  async synthesize(label: string, more: SettingsInput = {}): Promise<Synthesized> {
    const [folder, file, input] = [join(this.folder ?? '', label), this.settingsFile(label), { ...SETTINGS, ...this.own, ...more, network: { ...SETTINGS.network, ...this.own.network, ...more.network } }];
    await writeFile(file, stringify(input));
    await execa('node', ['build/main.js'], { env: { GLITCHKEEPER_SETTINGS: file, CDK8S_OUTDIR: folder } });
    return { folder, settings: checkSettings(input) };
  }

  /** The README's apply, of the manifests that were applied last if none are given; resolves to what kubectl printed. */
  apply(manifests: Synthesized = this.applied ?? this.manifests): Promise<string> {
    this.applied = manifests;
    return this.cluster.kubectl(['apply', '--warnings-as-errors', '-f', manifests.folder]);
  }

  /** By somebody else. */
  noteApplied(manifests: Synthesized): void {
    this.applied = manifests;
  }

  /** Unless something was applied before. */
  async install(): Promise<void> {
    if (this.applied === undefined) await this.apply();
  }

  /** kubectl in the stack's namespace. */
  kubectl(...args: string[]): Promise<string> {
    return this.cluster.kubectl(['--namespace', this.namespace, ...args]);
  }

  /** An answer of the API server, as text: what is asked every second is asked without a process of its own. @throws when it is not 200 */
  async get(path: string): Promise<string> {
    this.connection ??= connect(this.cluster.kubeconfigPath);
    const answer = await get(this.connection, path);
    if (answer?.status !== 200) throw new Error(`GET ${path}: ${answer === undefined ? 'no answer' : `${answer.status} ${answer.text.slice(0, 200)}`}`);
    return answer.text;
  }

  /** A command inside the main container of a part, with `input` on its standard input. */
  async exec(part: Part, command: readonly string[], input = ''): Promise<string> {
    const { container } = await this.pod(part);
    return this.cluster.kubectl(['--namespace', this.namespace, 'exec', '-i', container.pod, '-c', container.container, '--', ...command], input);
  }

  async pods(): Promise<Map<Part, PartPod>> {
    return partPods(await this.podList());
  }

  private podList(): Promise<string> {
    return this.get(`/api/v1/namespaces/${this.namespace}/pods`);
  }

  async pod(part: Part): Promise<PartPod> {
    return presentPod(await this.pods(), part);
  }

  /** Resolves when every part that is asked for has a Ready pod and no second one that is coming or going. */
  async ready(seconds = 180, parts: readonly Part[] = this.parts): Promise<Map<Part, PartPod>> {
    if (this.handle === undefined) throw new Error('a cluster that did not start is no reason to wait');
    return waitFor<Map<Part, PartPod>>({ what: `${parts.join(', ')} Ready`, seconds }, async () => {
      const list = await this.podList();
      const pods = partPods(list);
      const missing = parts.filter((part) => pods.get(part)?.ready !== true);
      return missing.length === 0 ? { found: pods } : { seen: `not Ready: ${missing.join(', ')}\n${explainPods(list)}` };
    });
  }

  /** Resolves when every part runs what was applied last. */
  async rolledOut(seconds = 420): Promise<void> {
    for (const part of ['operator', 'postgres', 'valkey', 'gateway', 'web', 'worker'] as const) {
      if (this.parts.includes(part)) await this.kubectl('rollout', 'status', WORKLOADS[part], `--timeout=${seconds}s`);
    }
    await this.ready(seconds);
  }

  async secret(name: string, key: string): Promise<string> {
    const { data = {} } = JSON.parse(await this.get(`/api/v1/namespaces/${this.namespace}/secrets/${name}`)) as { data?: Record<string, string> };
    return Buffer.from(data[key] ?? '', 'base64').toString('utf8');
  }

  /** Address of a Service inside the cluster. */
  serviceAddress(name: string): Promise<string> {
    return this.kubectl('get', 'service', name, '--output', 'jsonpath={.spec.clusterIP}');
  }

  /** Where a program on the node reaches it. @param service of web's port @default the one that people and SDKs know */
  async baseUrl(service: string = WEB): Promise<string> {
    return `http://${await this.serviceAddress(service)}:${HTTP_PORT}`;
  }

  /** Scales a Deployment or StatefulSet and waits until its pods are gone, or Ready. */
  async scale(workload: string, part: Part, replicas: 0 | 1): Promise<void> {
    await this.kubectl('scale', workload, `--replicas=${replicas}`);
    if (replicas === 1) await this.ready(180, [part]);
    else await this.kubectl('wait', '--for=delete', 'pod', '-l', `app.kubernetes.io/component=${part}`, '--timeout=90s');
  }
}
