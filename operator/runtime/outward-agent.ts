// The way of a request to the internet: through the proxy of HTTPS_PROXY, HTTP_PROXY and NO_PROXY, where they are set.
import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

/**
 * Node.js knows proxies from 24.5 on, and by itself (NODE_USE_ENV_PROXY) for its global agent only; an older one goes directly.
 * @param options keepAlive: false by default, the connection ends with its request
 */
export function outwardAgent(protocol: 'http:' | 'https:', options: AgentOptions = {}): HttpAgent {
  // Node's types of version 20 do not have it yet.
  const all: AgentOptions & { readonly proxyEnv: NodeJS.ProcessEnv } = { ...options, proxyEnv: process.env };
  return protocol === 'https:' ? new HttpsAgent(all) : new HttpAgent(all);
}
