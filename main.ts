// Synthesizes the manifests: settings -> charts -> dist/, and prints the budget.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App, Chart, type ChartProps } from 'cdk8s';
import { planBudget, renderBudget } from './charts/budget.js';
import { CustomResourceDefinitions } from './charts/crds.js';
import { GlitchTip } from './charts/glitchtip.js';
import { hostFiles } from './charts/host.js';
import { SettingsError, loadSettings } from './charts/load-settings.js';
import { Namespace } from './charts/namespace.js';
import { Operator } from './charts/operator.js';
import type { Settings } from './charts/settings.js';

const SETTINGS_FILE = process.env.GLITCHKEEPER_SETTINGS ?? 'settings.yaml';
const OUTPUT = process.env.CDK8S_OUTDIR ?? 'dist';

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
  const host = hostFiles(settings);
  for (const { path, content } of host) {
    mkdirSync(dirname(join(OUTPUT, path)), { recursive: true });
    writeFileSync(join(OUTPUT, path), content);
  }
  return [...readdirSync(OUTPUT).filter(isManifest).sort(), ...host.map(({ path }) => path)].map((file) => join(OUTPUT, file));
}

/** A part that the settings no longer have must not stay in dist/ and be applied again. */
function removeOldManifests(): void {
  mkdirSync(OUTPUT, { recursive: true });
  for (const name of readdirSync(OUTPUT).filter(isManifest)) rmSync(join(OUTPUT, name));
}

function isManifest(file: string): boolean {
  return file.endsWith('.k8s.yaml');
}

try {
  const settings = loadSettings(SETTINGS_FILE);
  const budget = planBudget(settings);
  if (budget.problems.length > 0) throw new SettingsError(SETTINGS_FILE, budget.problems);
  const files = synthesize(settings);
  // To standard error: cdk8s' own CLI swallows what its app prints to standard output.
  console.error(`${renderBudget(budget)}\n`);
  for (const file of files) console.log(file);
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
