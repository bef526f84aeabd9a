// A bucket that pods reach by the node's address: versitygw in the node's network, with a front that misbehaves on demand.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { MANIFEST } from '../../../backup/core/layout.js';
import type { S3Place } from '../../../backup/storage/s3-exchange.js';
import { S3Store } from '../../../backup/storage/s3-store.js';
import { BACKUP_STORE_SECRET } from '../../../operator/api/object-names.js';
import { buildProgress, ensureVersitygw } from '../../../embedded/index.js';
import type { ClusterHandle } from '../../../embedded/index.js';
import { send } from '../../sdk/http-client.js';
import type { S3ProgramOptions } from '../../support/s3/program.js';
import type { FrontBehaviour } from '../../support/s3/s3-front.js';
import { textOf } from './canaries.js';
import { printFigure } from './fault-report.js';
import { waitFor, when } from './wait.js';

const PROGRAM = fileURLToPath(new URL('../../support/s3/program.ts', import.meta.url));
const PORTS = { port: 18_091, control: 18_092, backend: 18_093 };
const KEY = { accessKeyId: 'test', secretAccessKey: 'of-the-store-on-pods' };
const BUCKET = 'copies';
const PREFIX = 'host-a/';

export class BackupStore {
  private constructor(readonly place: S3Place, readonly host: string, private readonly root: string, private readonly end: () => Promise<void>) {}

  /**
   * The first call on a machine builds versitygw, which takes minutes.
   * @param root what another one kept. @default a new one
   */
  static async start(cluster: ClusterHandle, root?: string): Promise<BackupStore> {
    const gateway = await ensureVersitygw(buildProgress(printFigure, Date.now));
    return BackupStore.open(cluster, gateway, root ?? await newRoot());
  }

  private static async open(cluster: ClusterHandle, gateway: string, root: string): Promise<BackupStore> {
    const host = cluster.network.nodeAddress;
    const options: S3ProgramOptions = { host, ...PORTS, gateway, root, ...KEY };
    const running = execa('nsenter', [`--net=/run/netns/${cluster.nodeName}`, process.execPath, '--import', 'tsx', PROGRAM, JSON.stringify(options)], { reject: false, stderr: 'inherit' });
    await Promise.race([
      new Promise<void>((resolve) => running.stdout.once('data', () => resolve())),
      running.then(({ exitCode }) => { throw new Error(`the bucket's program ended with ${exitCode ?? 'a signal'}`); }),
    ]);
    const place: S3Place = { endpoint: new URL(`http://${host}:${PORTS.port}`), bucket: BUCKET, prefix: PREFIX, region: 'us-east-1', style: 'path', uploadHeaders: {}, credentials: () => KEY };
    return new BackupStore(place, host, root, async () => {
      running.kill('SIGTERM');
      await running;
    });
  }

  async stop(): Promise<void> {
    await this.keep();
    await rm(this.root, { recursive: true, force: true });
  }

  /** Stops, and leaves what is in it for another one. @returns its root */
  async keep(): Promise<string> {
    await this.end();
    return this.root;
  }

  async behave(behaviour: FrontBehaviour): Promise<void> {
    await send({ url: `http://${this.host}:${PORTS.control}/`, method: 'POST', body: JSON.stringify(behaviour), timeoutMs: 10_000 });
  }

  /** Resolves when a request waits for it to behave otherwise. */
  async untilHeld(): Promise<void> {
    await waitFor<true>({ what: 'a request to the bucket to wait', seconds: 120, every: 0.2 }, async () => {
      const { body } = await send({ url: `http://${this.host}:${PORTS.control}/`, timeoutMs: 10_000 });
      return when((JSON.parse(body) as { held: number }).held > 0, body);
    });
  }

  /** As the Job sees it. */
  get objects(): S3Store {
    return new S3Store(this.place, { now: () => new Date(), pauses: [] });
  }

  /** Of every copy that is there: what nobody needs a key for. */
  manifests(): Promise<string> {
    return textOf(join(this.root, 'data', BUCKET), MANIFEST);
  }

  /** Of an object on disk. */
  file(key: string): string {
    return join(this.root, 'data', BUCKET, PREFIX, key);
  }

  /** `backup.s3` of settings.yaml. */
  get settings(): { readonly endpoint: string; readonly bucket: string; readonly prefix: string; readonly privateNetworks: string[] } {
    return { endpoint: this.place.endpoint.origin, bucket: BUCKET, prefix: PREFIX, privateNetworks: [`${this.host}/32`] };
  }

  /** What a person pastes, a line each: access-key-id and secret-access-key. */
  get pasted(): string {
    return `${KEY.accessKeyId}\n${KEY.secretAccessKey}\n`;
  }

  /** The Secret that a person makes. */
  secret(namespace: string): object {
    return {
      apiVersion: 'v1', kind: 'Secret', metadata: { name: BACKUP_STORE_SECRET, namespace },
      stringData: { 'access-key-id': KEY.accessKeyId, 'secret-access-key': KEY.secretAccessKey },
    };
  }
}

async function newRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'glitchkeeper-bucket-'));
  await mkdir(join(root, 'data', BUCKET), { recursive: true });
  await mkdir(join(root, 'metadata'));
  return root;
}
