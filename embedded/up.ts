/** Starts an instance: what the machine lacks, the programs, the images, then the node, until it is Ready. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureNetwork } from './address.js';
import type { ClusterConnection } from '../operator/io/kubernetes/connection.js';
import { connect } from './api.js';
import { dropFromPageCache } from './binaries.js';
import { createCgroup, locateCgroup, type HostCgroup } from './cgroups.js';
import { buildFiles, writeFiles } from './config/files.js';
import { addonsReadyFile, apiReadyFile, type Layout } from './config/layout.js';
import { deleteInstance, takeDown } from './down.js';
import { buildHandle, type ClusterHandle } from './handle.js';
import { importImages } from './import-images.js';
import { nodeImages, type ImageArchive } from './images/index.js';
import { instancesRoot, readNetwork, withLock, writeNetwork } from './instance.js';
import { checkMachine, checkServices, lackingForPolicies } from './kernel.js';
import { writeKubeconfigs } from './kubeconfig.js';
import { createNetwork } from './node-network.js';
import { resolveOptions, shortHash, type ClusterOptions, type ClusterSettings } from './cluster-options.js';
import { locateSystemPrograms } from './packages.js';
import { ensurePki } from './pki.js';
import { prepareMachine, type Prepared } from './prepare.js';
import { buildProgress, type Progress } from './progress.js';
import { openGate, waitForApi, waitForContainerd, waitForDns, waitForMetrics, waitForNode, waitForPodReports } from './ready.js';
import { launch, runningPid } from './supervisor.js';

/**
 * Starts the instance, or finds it running as asked, and resolves when the node is Ready, the addons answer and the
 * images are imported. Needs root. Rejects with a message that says what to do: OptionError, UnsupportedMachineError,
 * MissingPackagesError, or StartError with the end of a log; a start that failed leaves nothing running.
 */
export async function up(options: ClusterOptions = {}): Promise<ClusterHandle> {
  const settings = resolveOptions(options, process.env);
  const progress = buildProgress(options.log ?? ((line) => console.error(line)), Date.now);
  await checkMachine();
  const root = instancesRoot(settings);
  const prepared = await prepareMachine({ images: options.images ?? true }, progress);
  const waiting = (): void => progress.say(`waiting for another command on "${settings.name}"`);
  return withLock(root, settings.name, waiting, async () => {
    if (options.fresh === true) await deleteInstance(settings);
    const layout = await prepareLayout(settings, prepared);
    if (layout.policiesLack !== undefined) progress.say(`NetworkPolicies are accepted and NOT enforced: this machine lacks ${layout.policiesLack}`);
    if (!layout.runsPods) progress.say('without images no pod starts, so there is no DNS');
    const cgroup = await locateCgroup(settings.resource);
    if (options.countPrograms === true) await dropFromPageCache([...Object.values<string>({ ...layout.binaries }), layout.system.containerd]);
    await ensureRunning(layout, cgroup, prepared.archives, progress);
    await importImages(layout, prepared.archives, progress);
    progress.say(`the node ${settings.resource} is Ready; kubeconfig: ${settings.paths.kubeconfig}`);
    return buildHandle(layout, cgroup, prepared.archives.flatMap(({ name, isDouble }) => (isDouble ? [name] : [])));
  });
}

/** Chooses the network and asks the machine what it can do; nothing runs yet. */
async function prepareLayout(settings: ClusterSettings, { binaries, archives }: Prepared): Promise<Layout> {
  const network = await ensureNetwork(instancesRoot(settings), settings.name, (await readNetwork(settings))?.index);
  await writeNetwork(settings, network);
  const [system, policiesLack] = await Promise.all([locateSystemPrograms(), lackingForPolicies(), checkServices()]);
  return { settings, network, binaries, system, runsPods: archives.length > 0, policiesLack };
}

/** Leaves an instance alone that runs with this very configuration; else starts it (again). */
async function ensureRunning(layout: Layout, cgroup: HostCgroup, archives: readonly ImageArchive[], progress: Progress): Promise<void> {
  const { settings, network } = layout;
  const renewed = await ensurePki(settings.paths.pki, settings.resource, network);
  await writeKubeconfigs(settings.paths, settings.resource, network.server);
  const connection = connect(settings.paths.kubeconfig);
  const authority = await readFile(join(settings.paths.pki, 'ca.crt'), 'utf8');
  const wanted = shortHash(layout.binaries.init, JSON.stringify(buildFiles(layout, authority, '')), String(settings.memoryBytes));
  const hashFile = join(settings.paths.run, 'started-with');
  const running = (await runningPid(settings)) !== undefined;
  if (running && !renewed && (await readFile(hashFile, 'utf8').catch(() => '')) === wanted) {
    await progress.step('found it running', () => waitForApi(settings, connection));
    return;
  }
  try {
    await start({ layout, cgroup, connection, archives }, progress);
  } catch (error) {
    await takeDown(settings);
    throw error;
  }
  await writeFile(hashFile, wanted);
}

interface Start {
  readonly layout: Layout;
  readonly cgroup: HostCgroup;
  readonly connection: ClusterConnection;
  readonly archives: readonly ImageArchive[];
}

async function start({ layout, cgroup, connection, archives }: Start, progress: Progress): Promise<void> {
  const { settings, network } = layout;
  await takeDown(settings);
  await rm(settings.paths.run, { recursive: true, force: true });
  await writeFiles(layout);
  await createCgroup(cgroup, settings.memoryBytes);
  await createNetwork(settings.resource, network);
  const since = Date.now();
  await launch(layout, cgroup);
  await Promise.all([
    progress.step('API server ready', () => waitForApi(settings, connection)),
    // There before the first pod is: a pod that misses its image asks for it again after seconds only.
    waitForContainerd(layout).then(() => importImages(layout, archives.filter(({ name }) => nodeImages.includes(name)), progress)),
  ]);
  await openGate(apiReadyFile(settings.paths));
  await progress.step('addons applied', () => applyAddons(layout));
  await openGate(addonsReadyFile(settings.paths));
  await progress.step('node Ready', () => waitForNode(settings, connection, since));
  await progress.step('DNS answers', () => waitForDns(layout));
  await progress.step('metrics answer', () => waitForMetrics(settings, connection));
  await progress.step('every pod reported', () => waitForPodReports(settings, connection, since));
}

/** Applies the addons' objects unless etcd already has these very ones. */
async function applyAddons({ settings: { paths }, binaries }: Layout): Promise<void> {
  const manifests = join(paths.config, 'addons.json');
  const marker = join(paths.root, 'etcd', 'addons-applied');
  const wanted = shortHash(await readFile(manifests));
  const before = await readFile(marker, 'utf8').catch(() => '');
  if (before === wanted) return;
  const kubectl = (...args: readonly string[]) => execa(binaries.kubectl, ['--kubeconfig', paths.kubeconfig, ...args]);
  // By hand from when DNS was a process of the node: nothing would remove it, and half of all questions went there.
  if (before !== '') await kubectl('delete', 'endpointslice', 'kube-dns', '--namespace=kube-system', '--ignore-not-found');
  const apply = ['apply', '--server-side', '--force-conflicts', '--field-manager=glitchkeeper-cluster', '-f', manifests];
  await kubectl(...apply);
  await writeFile(marker, wanted);
}
