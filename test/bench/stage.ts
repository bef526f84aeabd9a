// The fresh embedded cluster that the bench measures on, with the manifests of the settings under test.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { glitchtipImage } from '../../charts/parts/application-container.js';
import { loadSettings } from '../../charts/settings/load-settings.js';
import { OPERATOR, OPERATOR_PORT, RESOURCE } from '../../charts/part-names.js';
import type { Settings } from '../../charts/settings/schema.js';
import { partsOf, topologyOf } from '../../charts/topology.js';
import { parsePods, reportParts, type PartReport, type Pod } from '../../cli/part-states.js';
import { glitchTipStatus, type GlitchTipStatus } from '../../operator/api/glitchtip-resource.js';
import { API_VERSION, PLURAL } from '../../operator/api/object-names.js';
import type { ClusterConnection } from '../../operator/io/kubernetes/connection.js';
import { connect, get } from '../../embedded/api.js';
import { clusterRanges, down, up, type ClusterHandle } from '../../embedded/index.js';
import { NO_SETTINGS } from '../support/settings.js';
import type { BenchOptions } from './bench-options.js';

export interface Stage {
  readonly cluster: ClusterHandle;
  readonly settings: Settings;
  /** Folder of the manifests. */
  readonly dist: string;
  /** Names of the parts, the migrate Job included. */
  readonly parts: readonly string[];
  /** GlitchTip's image as the node has it: name and digest. */
  readonly image: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  readonly observe: () => Promise<PartReport[]>;
  /** Whether a pod of it is, of however many; no answer is none. */
  readonly isReady: (part: string) => Promise<boolean>;
  /** The decoded values of a Secret. */
  readonly secret: (name: string) => Promise<Readonly<Record<string, string>>>;
  /** ClusterIP of a Service. */
  readonly serviceAddress: (name: string) => Promise<string>;
  /** Of the resource; empty: no answer. */
  readonly status: () => Promise<GlitchTipStatus>;
  /** What the operator serves at /metrics. */
  readonly operatorMetrics: () => Promise<string>;
  /** Removes the cluster unless it is to be kept, and the manifests. */
  readonly close: () => Promise<void>;
}

/** Starts the cluster from nothing; the stack is not applied yet. A failed start leaves nothing. */
export async function openStage(options: BenchOptions, say: (line: string) => void, signal: AbortSignal): Promise<Stage> {
  const dist = await mkdtemp(join(tmpdir(), 'glitchkeeper-bench-'));
  const file = options.settings === undefined ? NO_SETTINGS : resolve(options.settings);
  const close = async (): Promise<void> => {
    if (!options.keep) await down({ name: options.name, delete: true });
    await rm(dist, { recursive: true, force: true });
  };
  try {
    await execa('npm', ['run', '--silent', 'synth'], { env: { CDK8S_OUTDIR: dist, GLITCHKEEPER_SETTINGS: file, GLITCHKEEPER_CLUSTER_RANGES: clusterRanges.join() }, stdio: ['ignore', 'ignore', 'pipe'] });
    const settings = loadSettings(file, clusterRanges);
    const cluster = await up({ name: options.name, fresh: true, countPrograms: true, log: say, signal });
    const image = await chooseImage(cluster, glitchtipImage(settings), options.imageArchive);
    return { cluster, settings, dist, image, say, signal, close, parts: partsOf(topologyOf(settings)), ...questions(connect(cluster.kubeconfigPath), settings) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Plain requests: a kubectl for each question would cost a tenth of a CPU second, on the cores that are measured. */
function questions(connection: ClusterConnection, settings: Settings): Pick<Stage, 'observe' | 'isReady' | 'secret' | 'serviceAddress' | 'status' | 'operatorMetrics'> {
  const inNamespace = `/api/v1/namespaces/${settings.namespace}`;
  const ask = async (path: string): Promise<string> => {
    const answer = await get(connection, `${inNamespace}/${path}`);
    if (answer?.status !== 200) throw new Error(`${path}: ${answer?.text ?? 'the API server does not answer'}`);
    return answer.text;
  };
  const pods = async (): Promise<Pod[]> => {
    // A busy API server may take more than 3 s for one answer; the next look is soon.
    const answer = await get(connection, `${inNamespace}/pods`);
    return answer?.status === 200 ? parsePods(withKinds(answer.text)) : [];
  };
  return {
    observe: async () => reportParts(partsOf(topologyOf(settings)), await pods(), new Map()),
    isReady: async (part) => (await pods()).some((pod) => reportParts([part], [pod], new Map())[0]?.ready === true),
    secret: async (name) => {
      const { data } = z.object({ data: z.record(z.string(), z.string()) }).parse(JSON.parse(await ask(`secrets/${name}`)));
      return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
    },
    serviceAddress: async (name) => {
      const service = z.object({ spec: z.object({ clusterIP: z.string() }) }).parse(JSON.parse(await ask(`services/${name}`)));
      return service.spec.clusterIP;
    },
    status: async () => {
      const answer = await get(connection, `/apis/${API_VERSION}/namespaces/${settings.namespace}/${PLURAL}/${RESOURCE}`);
      return answer?.status === 200 ? statusOf(answer.text) : {};
    },
    operatorMetrics: () => ask(`services/${OPERATOR}:${OPERATOR_PORT}/proxy/metrics`),
  };
}

function statusOf(resource: string): GlitchTipStatus {
  const { status } = z.object({ status: z.unknown() }).parse(JSON.parse(resource));
  return glitchTipStatus.parse(status ?? {});
}

/** The items of a list come without their kind; kubectl adds it, and what reads kubectl's output expects it. */
function withKinds(list: string): string {
  const { items } = z.object({ items: z.array(z.looseObject({})) }).parse(JSON.parse(list));
  return JSON.stringify({ items: items.map((item) => ({ kind: 'Pod', ...item })) });
}

/** Imports the archive if one was named, and says which image the node will run. @throws Error when the archive has another name inside */
async function chooseImage(cluster: ClusterHandle, name: string, archive: string | undefined): Promise<string> {
  if (archive === undefined) return `${name} ${await digestOf(cluster, name)}`;
  await cluster.ctr('images', 'remove', name);
  await cluster.importArchive(archive);
  const digest = await digestOf(cluster, name);
  if (digest === '') throw new Error(`--image-archive: expected an archive with ${name} in it, found none of that name`);
  return `${name} ${digest} (from --image-archive)`;
}

async function digestOf(cluster: ClusterHandle, name: string): Promise<string> {
  return /sha256:[0-9a-f]{12}/.exec(await cluster.ctr('images', 'list', `name==${name}`))?.[0] ?? '';
}
