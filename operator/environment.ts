// The operator's configuration by environment variables: where it runs, what it listens on, where its files are.
import { hostname } from 'node:os';

export interface Config {
  /** The one namespace that it works in. POD_NAMESPACE; no default: a wrong guess would write into somebody else's. */
  readonly namespace: string;
  /** Name of this process in the Lease and in events. POD_NAME, else the host's name. */
  readonly instance: string;
  /** Address and port of /healthz, /readyz and /metrics. LISTEN_HOST (all addresses) and PORT (9464). */
  readonly listen: { readonly host: string | undefined; readonly port: number };
  /** The resource that the settings file describes. RESOURCE (glitchtip). */
  readonly resource: string;
  /** File with that resource; it may be absent. SETTINGS_FILE. */
  readonly settingsFile: string;
  /** Folder with ca.crt and token. SERVICE_ACCOUNT_DIR. */
  readonly serviceAccount: string;
  /** Hosts that a resource may name beside the Services of the manifests. TRUSTED_HOSTS, separated by commas (none). */
  readonly trustedHosts: readonly string[];
  /** pino's levels: trace, debug, info, warn, error, fatal, silent. LOG_LEVEL (info). */
  readonly logLevel: string;
}

/** Prometheus' list of ports gives this one to exporters made with OpenTelemetry; nothing else claims it. */
const DEFAULT_PORT = '9464';
const DEFAULT_SETTINGS_FILE = '/etc/glitchkeeper/settings/glitchtip.yaml';
/** Where the kubelet mounts it. */
const DEFAULT_SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @throws Error naming the variable that is missing or wrong */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const namespace = env.POD_NAMESPACE;
  if (!namespace) throw new Error('POD_NAMESPACE is not set: set it from metadata.namespace of the pod');
  return {
    namespace,
    // Empty, it would look like a Lease that nobody holds.
    instance: env.POD_NAME === undefined || env.POD_NAME === '' ? hostname() : env.POD_NAME,
    listen: { host: env.LISTEN_HOST, port: parsePort(env.PORT ?? DEFAULT_PORT) },
    resource: env.RESOURCE ?? 'glitchtip',
    settingsFile: env.SETTINGS_FILE ?? DEFAULT_SETTINGS_FILE,
    serviceAccount: env.SERVICE_ACCOUNT_DIR ?? DEFAULT_SERVICE_ACCOUNT,
    trustedHosts: (env.TRUSTED_HOSTS ?? '').split(',').map((host) => host.trim()).filter((host) => host !== ''),
    logLevel: env.LOG_LEVEL ?? 'info',
  };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`PORT is a number from 0 to 65535, found "${text}"`);
  return port;
}
