// Synthesizes the manifests: settings -> charts -> dist/, and prints the budget.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App, Chart, type ChartProps } from 'cdk8s';
import { planBudget, renderBudget } from './charts/budget.js';
import { CustomResourceDefinitions } from './charts/parts/custom-resource-definitions.js';
import { GlitchTip } from './charts/glitchtip-stack.js';
import { hostFiles } from './charts/host-files.js';
import { SettingsError, findSettings, loadSettings } from './charts/settings/load-settings.js';
import { Monitoring, wantsMonitoring } from './charts/monitoring/monitoring.js';
import { Namespace } from './charts/parts/namespace.js';
import { Operator } from './charts/parts/operator.js';
import type { Settings } from './charts/settings/schema.js';

const OUTPUT = process.env.CDK8S_OUTDIR ?? 'dist';
/** `kubectl apply -f dist/` does not look into folders: a kind that the cluster does not have would fail it. */
const MONITORING = 'monitoring';

/** @returns the files written */
function synthesize(settings: Settings): string[] {
  const app = new App({ outdir: OUTPUT });
  const inNamespace: ChartProps = { namespace: settings.namespace, disableResourceNameHashes: true };
  const namespace = new Chart(app, 'namespace');
  new Namespace(namespace, 'namespace', settings);
  const crds = new Chart(app, 'crds');
  new CustomResourceDefinitions(crds, 'crds');
  const operator = new Chart(app, 'operator', inNamespace);
  new Operator(operator, 'operator', settings);
  const glitchtip = new Chart(app, 'glitchtip', inNamespace);
  new GlitchTip(glitchtip, 'glitchtip', settings);
  // The order of the files is the order in which kubectl applies them.
  crds.addDependency(namespace);
  operator.addDependency(crds);
  glitchtip.addDependency(operator);

  removeOldManifests();
  app.synth();
  synthesizeMonitoring(settings, inNamespace);
  return [...manifestsIn('.'), ...manifestsIn(MONITORING), ...writeHostFiles(settings)].map((file) => join(OUTPUT, file));
}

function writeHostFiles(settings: Settings): string[] {
  const files = hostFiles(settings);
  for (const { path, content } of files) {
    mkdirSync(dirname(join(OUTPUT, path)), { recursive: true });
    writeFileSync(join(OUTPUT, path), content);
  }
  return files.map(({ path }) => path);
}

function synthesizeMonitoring(settings: Settings, inNamespace: ChartProps): void {
  if (!wantsMonitoring(settings)) return;
  const app = new App({ outdir: join(OUTPUT, MONITORING) });
  new Monitoring(new Chart(app, 'monitoring', inNamespace), 'monitoring', settings);
  app.synth();
}

/** Below dist/, in the order of their names. */
function manifestsIn(folder: string): string[] {
  if (!existsSync(join(OUTPUT, folder))) return [];
  return readdirSync(join(OUTPUT, folder)).filter(isManifest).sort().map((file) => join(folder, file));
}

/** A part that the settings no longer have must not stay in dist/ and be applied again. */
function removeOldManifests(): void {
  mkdirSync(OUTPUT, { recursive: true });
  for (const name of [...manifestsIn('.'), ...manifestsIn(MONITORING)]) rmSync(join(OUTPUT, name));
}

function isManifest(file: string): boolean {
  return file.endsWith('.k8s.yaml');
}

try {
  const file = findSettings(process.env.GLITCHKEEPER_SETTINGS);
  const settings = loadSettings(file);
  const budget = planBudget(settings);
  if (budget.problems.length > 0) throw new SettingsError(file ?? 'settings', budget.problems);
  const files = synthesize(settings);
  // To standard error: cdk8s' own CLI swallows what its app prints to standard output.
  console.error(`settings: ${file ?? 'no settings.yaml here, so all are defaults'}\n\n${renderBudget(budget)}\n`);
  for (const written of files) console.log(written);
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
