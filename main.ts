// Synthesizes the manifests: settings -> charts -> dist/, and prints the budget.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App, Chart, type ChartProps } from 'cdk8s';
import { planBudget, renderBudget } from './charts/budget.js';
import { CustomResourceDefinitions } from './charts/parts/custom-resource-definitions.js';
import { GlitchTip } from './charts/glitchtip-stack.js';
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
const asked = process.env.CDK8S_OUTDIR;
const OUTPUT = asked === undefined || asked === OF_CDK8S_CLI ? 'dist' : asked;
/** Its former name, by which `kubectl apply -R` took it for a manifest: what an older synth left must go. */
const FORMER_HOST_FILE = 'host/k3s-config.yaml';

interface Synthesized {
  readonly files: readonly string[];
  /** What apply will refuse. */
  readonly refused: readonly string[];
}

function synthesize(settings: Settings): Synthesized {
  const before = readManifests(OUTPUT);
  const written = replaceManifests(OUTPUT, (folder) => {
    synthesizeStack(settings, folder);
    synthesizeMonitoring(settings, join(folder, MONITORING));
    writeHostFiles(settings, folder);
  });
  rmSync(join(OUTPUT, FORMER_HOST_FILE), { force: true });
  const files = written.map((file) => join(OUTPUT, file));
  if (asked === OF_CDK8S_CLI) for (const file of written) cpSync(join(OUTPUT, file), join(OF_CDK8S_CLI, file));
  return { files, refused: describeVolumeChanges(before, readManifests(OUTPUT)) };
}

function synthesizeStack(settings: Settings, folder: string): void {
  const app = new App({ outdir: folder });
  const namespace = new Chart(app, 'namespace');
  new Namespace(namespace, 'namespace', settings);
  const crds = new Chart(app, 'crds');
  new CustomResourceDefinitions(crds, 'crds');
  const operator = new Chart(app, 'operator', inNamespace(settings));
  new Operator(operator, 'operator', settings);
  const glitchtip = new Chart(app, 'glitchtip', inNamespace(settings));
  new GlitchTip(glitchtip, 'glitchtip', settings);
  // The order of the files is the order in which kubectl applies them.
  crds.addDependency(namespace);
  operator.addDependency(crds);
  glitchtip.addDependency(operator);
  if (isServedByTraefik(settings)) {
    // Last, and a file of its own: a cluster without Traefik's kinds refuses nothing else.
    const https = new Chart(app, 'https', inNamespace(settings));
    new Https(https, 'https', settings);
    https.addDependency(glitchtip);
  }
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

try {
  const file = findSettings(process.env.GLITCHKEEPER_SETTINGS);
  const settings = loadSettings(file);
  const budget = planBudget(settings);
  if (budget.problems.length > 0) throw new SettingsError(file ?? 'settings', budget.problems);
  const { files, refused } = synthesize(settings);
  // To standard error: cdk8s' own CLI swallows what its app prints to standard output.
  console.error(`settings: ${file ?? 'no settings.yaml here, so all are defaults'}\nGlitchTip ${settings.version}: ${PROVEN[settings.version]} (docs/releases.md)\n\n${renderBudget(budget)}\n`);
  for (const line of refused) console.error(`${line}\n`);
  for (const written of files) console.log(written);
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
