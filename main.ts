// Synthesizes the manifests: settings -> charts -> dist/, and prints the budget. `npm run synth` starts it from a snapshot of Node.js (build.config.ts).
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startupSnapshot } from 'node:v8';
import { App, Chart, type ChartProps } from 'cdk8s';
import { planBudget, renderBudget } from './charts/budget.js';
import { rememberDocuments } from './charts/document-texts.js';
import { CustomResourceDefinitions } from './charts/parts/custom-resource-definitions.js';
import { GlitchTip } from './charts/glitchtip-stack.js';
import { GatewayRoutes } from './charts/parts/gateway-routes.js';
import { hostFiles } from './charts/host-files.js';
import { Https } from './charts/parts/https.js';
import { MONITORING, readManifests, replaceManifests } from './charts/manifest-folder.js';
import { SettingsError, findSettings, loadSettings } from './charts/settings/load-settings.js';
import { Monitoring, wantsMonitoring } from './charts/monitoring/monitoring.js';
import { Namespace } from './charts/parts/namespace.js';
import { Operator } from './charts/parts/operator.js';
import type { Settings } from './charts/settings/schema.js';
import { isServedByTraefik } from './charts/traefik.js';
import { PROVEN } from './operator/api/glitchtip-releases.js';
import { describeVolumeChanges } from './charts/volume-changes.js';

/**
 * The output of cdk8s.yaml. cdk8s' own CLI deletes its output folder before it starts this program, so it gets one where nothing
 * else is, and finds copies there: dist/ keeps the last good manifests, and files of others, that way too.
 */
const OF_CDK8S_CLI = 'build/cdk8s';
/** Its former name, by which `kubectl apply -R` took it for a manifest: what an older synth left must go. */
const FORMER_HOST_FILE = 'host/k3s-config.yaml';

interface Synthesized {
  readonly files: readonly string[];
  /** What apply will refuse. */
  readonly refused: readonly string[];
}

function synthesize(settings: Settings, asked = 'dist'): Synthesized {
  const output = asked === OF_CDK8S_CLI ? 'dist' : asked;
  const before = readManifests(output);
  const written = replaceManifests(output, (folder) => {
    synthesizeStack(settings, folder);
    synthesizeMonitoring(settings, join(folder, MONITORING));
    writeHostFiles(settings, folder);
  });
  rmSync(join(output, FORMER_HOST_FILE), { force: true });
  const files = written.map((file) => join(output, file));
  if (asked === OF_CDK8S_CLI) for (const file of written) cpSync(join(output, file), join(OF_CDK8S_CLI, file));
  return { files, refused: describeVolumeChanges(before, readManifests(output)) };
}

function synthesizeStack(settings: Settings, folder: string): void {
  const app = new App({ outdir: folder });
  // kubectl applies files in the order of their names. Not by dependencies of charts, which cdk8s makes one of each object on each.
  let files = 0;
  const nextFile = (name: string, props?: ChartProps) => new Chart(app, `${String(files++).padStart(4, '0')}-${name}`, props);
  new Namespace(nextFile('namespace'), 'namespace', settings);
  new CustomResourceDefinitions(nextFile('crds'), 'crds');
  new Operator(nextFile('operator', inNamespace(settings)), 'operator', settings);
  new GlitchTip(nextFile('glitchtip', inNamespace(settings)), 'glitchtip', settings);
  // Last, and a file of its own: a cluster without Traefik's kinds, or those of the Gateway API, refuses nothing else.
  if (isServedByTraefik(settings)) new Https(nextFile('https', inNamespace(settings)), 'https', settings);
  else if (settings.https.gateway !== undefined) new GatewayRoutes(nextFile('https', inNamespace(settings)), 'https', settings);
  app.synth();
}

function synthesizeMonitoring(settings: Settings, folder: string): void {
  if (!wantsMonitoring(settings)) return;
  const app = new App({ outdir: folder });
  new Monitoring(new Chart(app, 'monitoring', inNamespace(settings)), 'monitoring', settings);
  app.synth();
}

function inNamespace({ namespace }: Settings): ChartProps {
  return { namespace, disableResourceNameHashes: true };
}

function writeHostFiles(settings: Settings, folder: string): void {
  for (const { path, content } of hostFiles(settings)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

interface Told {
  readonly exitCode: 0 | 1;
  /** For people, to standard error: cdk8s' own CLI swallows what its app prints to standard output. */
  readonly text: string;
  readonly files: readonly string[];
}

/** GLITCHKEEPER_CLUSTER_RANGES: networks of the cluster, with commas, where the settings name none; `npm start` knows those of the embedded one. */
function run({ CDK8S_OUTDIR: output, GLITCHKEEPER_SETTINGS: named, GLITCHKEEPER_CLUSTER_RANGES: ranges }: NodeJS.ProcessEnv): Told {
  try {
    const file = findSettings(named);
    const settings = loadSettings(file, ranges?.split(','));
    const budget = planBudget(settings);
    if (budget.problems.length > 0) throw new SettingsError(file ?? 'settings', budget.problems);
    const { files, refused } = synthesize(settings, output);
    const source = `settings: ${file ?? 'no settings.yaml here, so all are defaults'}\nGlitchTip ${settings.version}: ${PROVEN[settings.version]} (docs/releases.md)`;
    return { exitCode: 0, text: [source, renderBudget(budget), ...refused].map((part) => `${part}\n`).join('\n'), files };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { exitCode: 1, text: error.message, files: [] };
  }
}

function main(): void {
  const { exitCode, text, files } = run(process.env);
  console.error(text);
  if (files.length > 0) console.log(files.join('\n'));
  process.exitCode = exitCode;
}

// A snapshot holds what V8 has compiled, and the documents that were written: of a run, everything that runs need.
if (startupSnapshot.isBuildingSnapshot()) {
  rememberDocuments();
  if (run(process.env).exitCode !== 0) throw new Error('a run without settings failed');
  startupSnapshot.setDeserializeMainFunction(main);
} else main();
