// The connection to the API server: KubeConfig, with what a process that runs for months needs on top.
import { Agent } from 'node:https';
import { isIPv6 } from 'node:net';
import { KubeConfig, type RequestContext } from '@kubernetes/client-node';

/** Two connections that are kept, and a request waits for one: each more that is opened and closed again costs memory that nobody gives back. */
const CONNECTIONS = { keepAlive: true, maxSockets: 2 };

export class ClusterConnection extends KubeConfig {
  #agent: Agent | undefined;

  /** Address, authority and token of a request. The authority is read anew for each, for `k3s certificate rotate-ca` replaces it; the token after a minute. */
  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    context.setAgent(this.#keep(context.getAgent() as Agent));
  }

  /** For Watch, which takes neither headers nor a signal: `cut` ends its connection, which no other request has, also before there is an answer. */
  forWatch(accept: string): { readonly config: KubeConfig; readonly cut: () => void } {
    const config = Object.create(this) as KubeConfig;
    let agent: Agent | undefined;
    config.applyToFetchOptions = async (options) => {
      const init = await this.applyToFetchOptions({ ...options, headers: { accept } });
      agent = init.agent as Agent;
      return init;
    };
    return { config, cut: () => agent?.destroy() };
  }

  /** Closes kept connections. */
  close(): void {
    this.#agent?.destroy();
  }

  /** The library makes an agent, and with it a connection, for each request. */
  #keep(made: Agent): Agent {
    if (this.#agent && String(this.#agent.options.ca) === String(made.options.ca)) return this.#agent;
    this.close();
    this.#agent = new Agent({ ...made.options, ...CONNECTIONS });
    return this.#agent;
  }
}

/**
 * As a pod with a service account: address from the environment, authority and token from mounted files.
 *
 * @throws when this is no pod with a service account.
 */
export function connectInCluster(env: NodeJS.ProcessEnv, folder: string): ClusterConnection {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = Number(env['KUBERNETES_SERVICE_PORT']);
  if (!host || !port) throw new Error('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod');
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const connection = new ClusterConnection();
  connection.loadFromClusterAndUser(
    { name: 'in-cluster', server, caFile: `${folder}/ca.crt`, skipTLSVerify: false },
    { name: 'service-account', authProvider: { name: 'tokenFile', config: { tokenFile: `${folder}/token` } } },
  );
  return connection;
}
