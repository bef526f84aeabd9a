/** Builds the cluster's programs from Go modules into the cache, once for each version of the modules and flags. */
import { cp, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Binaries } from './config/layout.js';
import { errorCode, exists } from './filesystem.js';
import { cacheRoot, shortHash } from './cluster-options.js';
import type { Progress } from './progress.js';

/** The Kubernetes line: 1.34 is the newest whose kubelet runs on cgroup v1 without a setting for it. */
const kubernetesVersion = 'v1.34.4';

/** Go packages of one go.mod that one command builds. */
export interface GoModule {
  /** Folder below go/. */
  readonly folder: string;
  readonly packages: readonly string[];
  readonly linkerFlags: string;
  /** Lays what no module proxy has beside its go.mod: then it is built in a copy of its folder. */
  readonly complete?: (folder: string) => Promise<void>;
}

const strip = '-s -w';

/** Built for every cluster, the quick one first. */
export const clusterModules: readonly GoModule[] = [
  { folder: 'init', packages: ['glitchkeeper.test/init'], linkerFlags: strip },
  {
    folder: 'kubernetes',
    packages: [
      'go.etcd.io/etcd/server/v3',
      'k8s.io/kubernetes/cmd/kube-apiserver',
      'k8s.io/kubernetes/cmd/kube-controller-manager',
      'k8s.io/kubernetes/cmd/kube-scheduler',
      'k8s.io/kubernetes/cmd/kubelet',
      'k8s.io/kubernetes/cmd/kube-proxy',
      'k8s.io/kubernetes/cmd/kubectl',
    ],
    // Without the stamp the node reports v0.0.0-master.
    linkerFlags: `${strip} -X k8s.io/component-base/version.gitVersion=${kubernetesVersion} -X k8s.io/client-go/pkg/version.gitVersion=${kubernetesVersion}`,
  },
  {
    // By a command of their own: local-path-provisioner spells the module logrus with a capital letter, and Go refuses both in one.
    folder: 'kubernetes',
    packages: [
      'glitchkeeper.test/kubernetes/coredns',
      'glitchkeeper.test/kubernetes/netpol',
      'github.com/rancher/local-path-provisioner',
      'sigs.k8s.io/metrics-server/cmd/metrics-server',
    ],
    linkerFlags: strip,
  },
];

/** Built only for the tests that read manifests. */
const toolsModule: GoModule = {
  folder: 'tools',
  packages: ['github.com/zegl/kube-score/cmd/kube-score'],
  linkerFlags: strip,
};

/** An S3 server that refuses a body whose hash is not the one that was announced, as S3 does; for the tests of backups. */
const s3Module: GoModule = {
  folder: 's3',
  packages: ['github.com/versity/versitygw/cmd/versitygw'],
  linkerFlags: strip,
};

/** What a person decrypts a copy with where there is no cluster; for the test of that. */
const ageModule: GoModule = {
  folder: 'age',
  packages: ['filippo.io/age/cmd/age'],
  linkerFlags: strip,
};

/** Built only for the test of the alert rules. */
const promtoolModule: GoModule = {
  folder: 'promtool',
  packages: ['github.com/prometheus/prometheus/cmd/promtool'],
  linkerFlags: strip,
};

const sources = fileURLToPath(new URL('./go/', import.meta.url));

/** The program's file name: the last part of the package's path that is not a major version. */
export function programName(goPackage: string): string {
  if (goPackage === 'go.etcd.io/etcd/server/v3') return 'etcd';
  if (goPackage === 'glitchkeeper.test/init') return 'gkinit';
  return basename(goPackage);
}

async function cacheFolder(module: GoModule): Promise<string> {
  const folder = join(sources, module.folder);
  const inputs: (string | Uint8Array)[] = [module.linkerFlags, ...module.packages, process.arch];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  for (const file of files) inputs.push(relative(folder, file), await readFile(file));
  return join(cacheRoot(process.env), 'bin', `${module.folder}-${shortHash(...inputs)}`);
}

/** Programs appear in the output folder one by one, which is the progress. */
function reportPrograms(folder: string, module: GoModule, progress: Progress): NodeJS.Timeout {
  const said = new Set<string>();
  return setInterval(() => {
    void readdir(folder).then((files) => {
      for (const file of files.filter((name) => !said.has(name))) {
        said.add(file);
        progress.say(`built ${file} (${said.size} of ${module.packages.length} in go/${module.folder})`);
      }
    });
  }, 1000);
}

/** The folder with a module's programs, built when the cache has none. Throws when `go` is absent or the build fails. */
export async function ensureModule(module: GoModule, progress: Progress): Promise<string> {
  const folder = await cacheFolder(module);
  if (await exists(folder)) return folder;
  const building = `${folder}.${process.pid}`;
  await mkdir(building, { recursive: true });
  const names = module.packages.map(programName).join(', ');
  await progress.step(`building ${names} from Go modules`, async () => {
    const reporter = reportPrograms(building, module, progress);
    try {
      await build(module, building);
    } finally {
      clearInterval(reporter);
    }
  });
  await rename(building, folder).catch(async (error: unknown) => {
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
    await rm(building, { recursive: true }); // another start built the same in the meantime
  });
  return folder;
}

async function build(module: GoModule, output: string): Promise<void> {
  // What a debugger needs is left out of the programs by the linker flags anyway: it need not be made.
  const flags = ['build', '-p', '2', '-trimpath', '-buildvcs=false', '-mod=readonly', '-gcflags=all=-dwarf=false', '-ldflags', module.linkerFlags];
  // etcd's package is called v3 and the init's is called init: they are given their names one by one.
  const plain = module.packages.filter((name) => programName(name) === basename(name));
  const named = module.packages.filter((name) => programName(name) !== basename(name));
  const cwd = module.complete === undefined ? join(sources, module.folder) : `${output}.source`;
  const options = { cwd, env: { CGO_ENABLED: '0', GOFLAGS: '' } };
  try {
    if (module.complete !== undefined) await cp(join(sources, module.folder), cwd, { recursive: true }).then(() => module.complete?.(cwd));
    if (plain.length > 0) await execa('go', [...flags, '-o', `${output}/`, ...plain], options);
    for (const name of named) await execa('go', [...flags, '-o', join(output, programName(name)), name], options);
  } finally {
    if (module.complete !== undefined) await rm(cwd, { recursive: true, force: true });
  }
}

/** Paths of every program of the cluster. The first call on a machine takes about four minutes on two cores. */
export async function ensureBinaries(progress: Progress): Promise<Binaries> {
  const folders = new Map<string, string>();
  for (const module of clusterModules) {
    const folder = await ensureModule(module, progress);
    for (const name of module.packages) folders.set(programName(name), join(folder, programName(name)));
  }
  const path = (name: string): string => folders.get(name) ?? name;
  return {
    etcd: path('etcd'),
    apiserver: path('kube-apiserver'),
    controllerManager: path('kube-controller-manager'),
    scheduler: path('kube-scheduler'),
    kubelet: path('kubelet'),
    proxy: path('kube-proxy'),
    kubectl: path('kubectl'),
    coredns: path('coredns'),
    netpol: path('netpol'),
    localPath: path('local-path-provisioner'),
    metricsServer: path('metrics-server'),
    init: path('gkinit'),
  };
}

/** Forgets the programs' pages, so that the next to read them is charged for them. Pages that are in use stay. */
export async function dropFromPageCache(programs: readonly string[]): Promise<void> {
  for (const program of programs) await execa('dd', [`if=${program}`, 'iflag=nocache', 'count=0']);
}

/** Path of kube-score; built on the first call (about half a minute). */
export async function ensureKubeScore(progress: Progress): Promise<string> {
  return join(await ensureModule(toolsModule, progress), 'kube-score');
}

/** Path of versitygw; built on the first call (about three minutes). */
export async function ensureVersitygw(progress: Progress): Promise<string> {
  return join(await ensureModule(s3Module, progress), 'versitygw');
}

/** Path of age; built on the first call (about half a minute). */
export async function ensureAge(progress: Progress): Promise<string> {
  return join(await ensureModule(ageModule, progress), 'age');
}

/** Path of promtool; built on the first call (about four minutes on two cores). */
export async function ensurePromtool(progress: Progress): Promise<string> {
  return join(await ensureModule(promtoolModule, progress), 'promtool');
}
