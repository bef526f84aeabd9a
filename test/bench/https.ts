// The stack with https beside the stack without, one after the other on fresh clusters: what Traefik, which gets its certificate itself, and
// cert-manager's controller take of the host, and in one run what Traefik adds to an answer.
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import type { Settings } from '../../charts/settings/schema.js';
import { TRAEFIK } from '../../charts/traefik.js';
import { dropFromPageCache } from '../../embedded/index.js';
import { CERT_MANAGER_NAMESPACE, putClusterIssuer } from '../cluster/support/cert-manager.js';
import { HttpsEdge, NAME, untilServed } from '../cluster/support/https-edge.js';
import { dsnAt, parseDsn } from '../sdk/dsn.js';
import { seconds as inSeconds } from '../sdk/statistics.js';
import type { BenchOptions } from './bench-options.js';
import { atMost, mebibytes, type Row, type Section } from './bench-report.js';
import { prepareLoad, startLoadProgram } from './ingest.js';
import type { LoadJob, LoadResult } from './load-job.js';
import { HOST, startSampling, watchedGroups, type MemoryUse, type MemoryUses, type WatchedGroup } from './memory.js';
import { onOwnStage, type Surroundings } from './own-stage.js';
import type { Stage } from './stage.js';
import { measureStart } from './start.js';

/** The programs around the stack: who runs each, and its file in the image. */
const AROUND = {
  traefik: { namespace: TRAEFIK.namespace, deployment: 'traefik', container: 'traefik', program: 'traefik' },
  'cert-manager': { namespace: CERT_MANAGER_NAMESPACE, deployment: 'cert-manager', container: 'cert-manager-controller', program: 'controller' },
} as const;
const DOMAIN = `https://${NAME}`;
const EMAIL = 'ops@glitchtip.invalid';
const CLUSTER_ISSUER = 'bench';
/** More than the host without https, at its peak. Bytes. */
const MOST_MORE = { traefik: 110 * 2 ** 20, 'cert-manager': 220 * 2 ** 20 } as const;
/** Of the slowest hundredth of the answers, of what they take without Traefik. */
const MOST_TIMES = 1.3;

export interface Loaded {
  readonly result: Pick<LoadResult, 'sent' | 'accepted' | 'answers'>;
  readonly memory: MemoryUses;
}

/** `direct`: to the gateway, past Traefik. */
export interface HttpsFound {
  readonly none: Loaded;
  readonly traefik: { readonly direct: Loaded; readonly through: Loaded };
  readonly certManager: Loaded;
}

export async function measureHttps(options: BenchOptions, say: (line: string) => void, signal: AbortSignal): Promise<Section> {
  const around: Surroundings = { say, signal };
  const paced = { rate: options.rate, seconds: options.seconds };
  say('without https');
  const none = await onOwnStage(options, {}, around, async (stage) => {
    await measureStart(stage);
    return load(stage, await job(stage, paced));
  });
  say('with Traefik, which gets its certificate itself');
  const traefik = await onOwnStage(options, { domain: DOMAIN, https: { mode: 'traefik', acme: { email: EMAIL } } }, around, (stage) => withEdge(stage, async (edge) => {
    await edge.runTraefik(askingAt(edge, stage.settings));
    await readAnew(stage, 'traefik');
    await measureStart(stage);
    await untilServed(edge);
    const usual = await job(stage, paced);
    return { direct: await load(stage, usual), through: await load(stage, throughTraefik(usual, edge), edge.file('roots.pem')) };
  }));
  say("with cert-manager's controller, too");
  const certManager = await onOwnStage(options, { domain: DOMAIN, https: { mode: 'cert-manager', certManager: { clusterIssuer: CLUSTER_ISSUER, budget: 'none' } } }, around, (stage) => withEdge(stage, async (edge) => {
    await edge.runTraefik(stage.settings);
    await edge.installCertManager();
    await readAnew(stage, 'traefik');
    await readAnew(stage, 'cert-manager');
    await putClusterIssuer(stage.cluster, CLUSTER_ISSUER, { server: edge.authority, serviceType: 'ClusterIP' });
    await measureStart(stage);
    await untilServed(edge);
    return load(stage, throughTraefik(await job(stage, paced), edge), edge.file('roots.pem'));
  }));
  const found = { none, traefik, certManager };
  return { name: 'https', rows: httpsRows(options.rate, found), numbers: found, note: NOTE };
}

const NOTE = 'the same load on three fresh clusters, one after the other, over connections that are kept; certificates of Pebble, an ACME server beside the cluster. More: of the peak working set of the host, which has the pages of running '
  + 'programs in it. The client shares the cores with the cluster, and encrypts where it goes through Traefik.';

async function withEdge<T>(stage: Stage, measure: (edge: HttpsEdge) => Promise<T>): Promise<T> {
  const edge = await HttpsEdge.start(stage);
  try {
    return await measure(edge);
  } finally {
    await edge.stop();
  }
}

/** The address of the tests' own ACME server follows from the cluster's; of the manifests it is no part, Traefik alone is told. */
function askingAt({ authority }: HttpsEdge, settings: Settings): Settings {
  return { ...settings, https: { ...settings.https, acme: { ...settings.https.acme, server: authority } } };
}

/** Importing an image has read its program: its pages are forgotten, so that they are read again, and counted, by who runs it. */
async function readAnew({ cluster }: Stage, name: keyof typeof AROUND): Promise<void> {
  const { namespace, deployment, program } = AROUND[name];
  const scale = (replicas: 0 | 1): Promise<string> => cluster.kubectl(['scale', `deployment/${deployment}`, '--namespace', namespace, `--replicas=${replicas}`]);
  await scale(0);
  await cluster.kubectl(['wait', '--for=delete', 'pod', '--selector', `app.kubernetes.io/name=${name}`, '--namespace', namespace, '--timeout=60s']);
  const { stdout } = await execa('find', [join(cluster.paths.root, 'containerd'), '-path', `*/fs/${program}`, '-type', 'f']);
  await dropFromPageCache(stdout.split('\n').filter((path) => path !== ''));
  await scale(1);
  await cluster.kubectl(['rollout', 'status', `deployment/${deployment}`, '--namespace', namespace, '--timeout=120s']);
}

async function job(stage: Stage, paced: { readonly rate: number; readonly seconds: number }): Promise<LoadJob> {
  return { ...await prepareLoad(stage, paced), reuse: true };
}

/** By its Service, as its name would be: names of the tests are in no DNS. */
function throughTraefik(usual: LoadJob, edge: HttpsEdge): LoadJob {
  const parsed = parseDsn(usual.dsn);
  if (!parsed.ok) throw new Error(`the bench made a DSN that is none: ${usual.dsn}`);
  return { ...usual, dsn: dsnAt(parsed.dsn, `https://${edge.traefikAddress}`).text, host: NAME };
}

async function load(stage: Stage, asked: LoadJob, trust?: string): Promise<Loaded> {
  stage.say(`${asked.rate} events/s for ${asked.seconds} s, ${trust === undefined ? 'to the gateway' : 'through Traefik'}`);
  const groups = [...await watchedGroups(stage), ...await groupsAround(stage)];
  const stop = await startSampling(groups, stage.cluster.cgroup.version);
  const result = await startLoadProgram(stage, asked, trust === undefined ? {} : { NODE_EXTRA_CA_CERTS: trust }).result;
  return { result, memory: await stop() };
}

const pods = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });

/** Traefik and cert-manager, where they are there. */
async function groupsAround({ cluster }: Stage): Promise<WatchedGroup[]> {
  const found = await Promise.all(Object.entries(AROUND).map(async ([name, { namespace, container }]) => {
    const list = pods.parse(JSON.parse(await cluster.kubectl(['get', 'pods', '--namespace', namespace, '--selector', `app.kubernetes.io/name=${name}`, '--field-selector', 'status.phase=Running', '--output', 'json'])));
    return Promise.all(list.items.map(async ({ metadata }) => ({ name, folder: await cluster.containerCgroup({ namespace, pod: metadata.name, container }, 'memory'), limit: undefined })));
  }));
  return found.flat();
}

export function httpsRows(rate: number, { none, traefik: { direct, through }, certManager }: HttpsFound): Row[] {
  const before = peakOf(none);
  const more = (way: keyof typeof MOST_MORE, loaded: Loaded): Row => ({
    what: `${rate}/s: host with https.mode ${way}`,
    measured: `peak working set ${mebibytes(peakOf(loaded))}, without https ${mebibytes(before)}: ${mebibytes(peakOf(loaded) - before)} more, ${mebibytes(ownOf(loaded) - ownOf(none))} of it the processes' own`,
    goal: { ...atMost(peakOf(loaded) - before, MOST_MORE[way]), text: `at most ${mebibytes(MOST_MORE[way])} more` },
  });
  const [p99, p99Through] = [direct.result.answers.p99 ?? Number.NaN, through.result.answers.p99 ?? Number.NaN];
  return [
    more('traefik', through), more('cert-manager', certManager),
    itself('https.mode traefik: Traefik', through.memory['traefik']), itself("https.mode cert-manager: the controller", certManager.memory['cert-manager']),
    {
      what: `${rate}/s: accepted`,
      measured: `${accepted(none)} without https, ${accepted(through)} with https.mode traefik, ${accepted(certManager)} with cert-manager`,
      goal: { text: 'all with https', met: [through, certManager].every(({ result }) => result.accepted === result.sent) },
    },
    {
      what: `${rate}/s: answers, p99`,
      measured: `${inSeconds(p99)} to the gateway, ${inSeconds(p99Through)} through Traefik with https.mode traefik, in the same run: ${(p99Through / p99).toFixed(2)} times`,
      goal: { ...atMost(p99Through / p99, MOST_TIMES), text: `at most ${MOST_TIMES} times` },
    },
  ];
}

function peakOf({ memory }: Loaded): number {
  return memory[HOST]?.workingSetMost ?? Number.NaN;
}

function ownOf({ memory }: Loaded): number {
  return memory[HOST]?.own ?? Number.NaN;
}

function itself(name: string, use: MemoryUse | undefined): Row {
  return { what: `${name} itself`, measured: `own ${mebibytes(use?.own)}, with pages of files at most ${mebibytes(use?.workingSetMost)}` };
}

function accepted({ result }: Loaded): string {
  return `${result.accepted} of ${result.sent}`;
}
