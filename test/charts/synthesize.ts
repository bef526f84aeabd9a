// Renders the charts in memory for tests, as another cdk8s app would use them.
import { App, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { checkSettings } from '../../charts/settings/load-settings.js';
import { GlitchTip } from '../../charts/glitchtip-stack.js';
import { Namespace } from '../../charts/parts/namespace.js';
import type { Settings, SettingsInput } from '../../charts/settings/schema.js';

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string }[];
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  securityContext: object;
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  lifecycle?: { preStop?: unknown; postStart?: unknown };
  ports?: { containerPort: number; hostPort?: number }[];
}

export interface Probe {
  httpGet?: { path: string; port: unknown; httpHeaders?: unknown };
  exec?: { command: string[] };
  tcpSocket?: object;
  timeoutSeconds?: number;
  periodSeconds?: number;
  failureThreshold?: number;
  terminationGracePeriodSeconds?: number;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  securityContext: object;
  hostNetwork?: boolean;
  enableServiceLinks?: boolean;
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds?: number;
  serviceAccountName?: string;
  volumes: ({ name: string; emptyDir?: { sizeLimit?: string } } & Record<string, unknown>)[];
}

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  /** Absent from ConfigMaps and ServiceAccounts; find() promises it where a test asks for it. */
  spec?: Record<string, unknown> & { template?: { spec: PodSpec; metadata: { labels: Record<string, string>; annotations?: Record<string, string> } } };
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

/** All manifests of a part made by `build`. */
export function render(build: (scope: Construct, settings: Settings) => void, input: SettingsInput = {}): Manifest[] {
  // Not cdk8s' Testing, which leaves a folder in /tmp for each chart.
  const chart = new Chart(new App(), 'test');
  build(chart, checkSettings(input));
  return chart.toJson() as Manifest[];
}

export function renderStack(input: SettingsInput = {}): Manifest[] {
  return render((scope, settings) => {
    new Namespace(scope, 'namespace', settings);
    new GlitchTip(scope, 'glitchtip', settings);
  }, input);
}

type WithSpec = Manifest & { spec: NonNullable<Manifest['spec']> };

export function find(manifests: readonly Manifest[], kind: string, name: string): WithSpec {
  const found = manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name} among ${manifests.map((each) => `${each.kind}/${each.metadata.name}`).join(', ')}`);
  return { ...found, spec: found.spec ?? {} };
}

export function podOf(manifest: Manifest): PodSpec {
  if (manifest.spec?.template === undefined) throw new Error(`${manifest.kind} ${manifest.metadata.name} has no pods`);
  return manifest.spec.template.spec;
}

/** The main container of a part. */
export function containerOf(manifests: readonly Manifest[], kind: string, name: string): Container {
  const [container] = podOf(find(manifests, kind, name)).containers;
  if (container === undefined) throw new Error(`${kind} ${name} has no container`);
  return container;
}
