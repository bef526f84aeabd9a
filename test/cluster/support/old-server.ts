// The old Sentry of a move, in the node's network: pods reach it by the node's address.
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { SettingsInput } from '../../../charts/settings/schema.js';
import type { ClusterHandle } from '../../../embedded/index.js';
import { send } from '../../sdk/http-client.js';
import type { OldBehaviour, OldSentryOptions, OldTaken } from '../../support/old-sentry-program.js';

const PROGRAM = fileURLToPath(new URL('../../support/old-sentry-program.ts', import.meta.url));
const PORT = 18_095;

export class OldServer {
  private constructor(private readonly cluster: ClusterHandle, private readonly end: () => Promise<void>) {}

  static async start(cluster: ClusterHandle): Promise<OldServer> {
    const options: OldSentryOptions = { host: cluster.network.nodeAddress, port: PORT };
    const running = execa('nsenter', [`--net=/run/netns/${cluster.nodeName}`, process.execPath, '--import', 'tsx', PROGRAM, JSON.stringify(options)], { reject: false, stderr: 'inherit' });
    await Promise.race([
      new Promise<void>((resolve) => running.stdout.once('data', () => resolve())),
      running.then(({ exitCode }) => { throw new Error(`the old server ended with ${exitCode ?? 'a signal'}`); }),
    ]);
    return new OldServer(cluster, async () => {
      running.kill('SIGTERM');
      await running;
    });
  }

  get url(): string {
    return `http://${this.cluster.network.nodeAddress}:${PORT}`;
  }

  /** The section `move` of settings.yaml. */
  get settings(): NonNullable<SettingsInput['move']> {
    return { from: this.url, organization: 'acme', privateNetworks: [`${this.cluster.network.nodeAddress}/32`] };
  }

  async behave(behaviour: OldBehaviour): Promise<void> {
    await send({ url: `${this.url}/test/behave`, method: 'POST', body: JSON.stringify(behaviour), timeoutMs: 10_000 });
  }

  async taken(): Promise<OldTaken> {
    const { body } = await send({ url: `${this.url}/test/taken`, timeoutMs: 30_000 });
    return JSON.parse(body) as OldTaken;
  }

  stop(): Promise<void> {
    return this.end();
  }
}
