// The old Sentry of a move, in the node's network: pods reach it by the node's address.
import type { SettingsInput } from '../../../charts/settings/schema.js';
import type { ClusterHandle } from '../../../embedded/index.js';
import type { OldBehaviour, OldTaken } from '../../support/old-sentry-program.js';
import { OldSentryProcess } from '../../support/old-sentry-process.js';

const PORT = 18_095;

export class OldServer {
  private constructor(private readonly host: string, private readonly running: OldSentryProcess) {}

  static async start({ network: { nodeAddress }, nodeName }: ClusterHandle): Promise<OldServer> {
    return new OldServer(nodeAddress, await OldSentryProcess.start({ host: nodeAddress, port: PORT }, ['nsenter', `--net=/run/netns/${nodeName}`]));
  }

  get url(): string {
    return this.running.url;
  }

  /** The section `move` of settings.yaml. */
  get settings(): NonNullable<SettingsInput['move']> {
    return { from: this.url, organization: 'acme', privateNetworks: [`${this.host}/32`] };
  }

  behave(behaviour: OldBehaviour): Promise<void> {
    return this.running.behave(behaviour);
  }

  taken(): Promise<OldTaken> {
    return this.running.taken();
  }

  stop(): Promise<void> {
    return this.running.stop();
  }
}
