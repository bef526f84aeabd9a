// Starts the receivers inside the network namespace of the embedded cluster's node, where pods reach them by its address.
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { send } from '../../sdk/http-client.js';
import type { ClusterHandle } from '../../../embedded/index.js';
import type { ProgramOptions, ReceiverChange } from './program.js';
import type { Received } from './receiver.js';
import type { ChatMessage } from './telegram-server.js';

const PROGRAM = fileURLToPath(new URL('./program.ts', import.meta.url));
/** Away from 443: `alerts.ports` has to open them. */
const PORTS = { telegram: 18_081, webhook: 18_082, heartbeat: 18_083, control: 18_084 };
/** What `alerts.ports` of the settings has to be. */
export const ALERT_PORTS = [PORTS.telegram, PORTS.webhook, PORTS.heartbeat] as const;

export interface ReceiversState {
  /** The chat as a person sees it. */
  readonly messages: readonly ChatMessage[];
  readonly calls: readonly { readonly method: string; readonly at: number; readonly status: number }[];
  readonly webhook: readonly Received[];
  readonly heartbeat: readonly Received[];
}

export interface Receivers {
  /** What the alerts' Secret holds so that they are used. */
  readonly secret: Readonly<Record<string, string>>;
  readonly state: () => Promise<ReceiversState>;
  readonly change: (change: ReceiverChange) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startReceivers(cluster: Pick<ClusterHandle, 'nodeName' | 'network'>, { token = '123456:local-token', chat = '-1001' } = {}): Promise<Receivers> {
  const host = cluster.network.nodeAddress;
  const options: ProgramOptions = { host, ...PORTS, token, chat };
  const running = execa('nsenter', [`--net=/run/netns/${cluster.nodeName}`, process.execPath, '--import', 'tsx', PROGRAM, JSON.stringify(options)], { reject: false, stderr: 'inherit' });
  await Promise.race([
    new Promise<void>((resolve) => running.stdout.once('data', () => resolve())),
    running.then(({ exitCode }) => { throw new Error(`the receivers ended with ${exitCode ?? 'a signal'}`); }),
  ]);
  const control = { url: `http://${host}:${PORTS.control}/state`, timeoutMs: 10_000 };
  return {
    secret: {
      'telegram-api': `http://${host}:${PORTS.telegram}`, 'telegram-token': token, 'telegram-chat': chat,
      'webhook-url': `http://${host}:${PORTS.webhook}/hook`, 'heartbeat-url': `http://${host}:${PORTS.heartbeat}/ping`,
    },
    state: async () => JSON.parse((await send(control)).body) as ReceiversState,
    change: async (change) => {
      await send({ ...control, method: 'POST', body: JSON.stringify(change) });
    },
    stop: async () => {
      running.kill('SIGTERM');
      await running;
    },
  };
}
