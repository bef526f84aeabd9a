// What the pods that call the internet need where it is behind a proxy, or signs by an authority of one's own (settings.network).
import type * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { SERVICES } from '../../operator/api/object-names.js';
import type { Settings } from '../settings/schema.js';
import { configFiles } from './pod-template.js';

/** Key of the ConfigMap that settings.network.certificateAuthorities names: certificates as PEM. */
const AUTHORITIES_KEY = 'ca.crt';
const AUTHORITIES_PATH = '/etc/glitchkeeper/authorities';

/** Of the namespace and of the cluster: what has no proxy between. The kubelet writes the API server's address. */
const INSIDE = ['localhost', '127.0.0.1', '::1', '.svc', '.cluster.local', '$(KUBERNETES_SERVICE_HOST)', ...Object.values(SERVICES)];

/** The pod with that in each of its containers: unchanged where the settings name neither. */
export function withWayOut(settings: Settings, pod: k8s.PodSpec): k8s.PodSpec {
  const { proxy, certificateAuthorities } = settings.network;
  const env = [
    ...(proxy.url === undefined ? [] : proxyVariables(proxy.url, [...INSIDE, ...beside(settings), ...proxy.noProxy])),
    ...(certificateAuthorities === undefined ? [] : AUTHORITY_VARIABLES),
  ];
  if (env.length === 0) return pod;
  const mounts: k8s.VolumeMount[] = certificateAuthorities === undefined ? [] : [{ name: 'authorities', mountPath: AUTHORITIES_PATH, readOnly: true }];
  const prepared = (container: k8s.Container): k8s.Container => ({ ...container, env: [...container.env ?? [], ...env], volumeMounts: [...container.volumeMounts ?? [], ...mounts] });
  return {
    ...pod,
    ...(pod.initContainers === undefined ? {} : { initContainers: pod.initContainers.map(prepared) }),
    containers: pod.containers.map(prepared),
    volumes: [...pod.volumes ?? [], ...(certificateAuthorities === undefined ? [] : [configFiles('authorities', certificateAuthorities)])],
  };
}

/** A bucket, or an old server, in a private network is beside us, and not behind the proxy. */
function beside({ backup: { s3 }, move }: Settings): string[] {
  const servers = [{ url: s3.endpoint, networks: s3.privateNetworks }, { url: move.from, networks: move.privateNetworks }];
  return servers.flatMap(({ url, networks }) => (url === undefined || networks.length === 0 ? [] : [new URL(url).hostname]));
}

/** Node.js and Python read the same ones; GlitchTip's uptime monitors (aiohttp) only with its own PROXY_ENV. */
function proxyVariables(url: string, noProxy: readonly string[]): k8s.EnvVar[] {
  return [{ name: 'HTTP_PROXY', value: url }, { name: 'HTTPS_PROXY', value: url }, { name: 'NO_PROXY', value: noProxy.join() }, { name: 'PROXY_ENV', value: 'True' }];
}

/** Beside those that are trusted anyway: Node.js adds them by itself, Python by charts/runtime/certificate_authorities.py. */
const AUTHORITY_VARIABLES: readonly k8s.EnvVar[] = [
  { name: 'NODE_EXTRA_CA_CERTS', value: `${AUTHORITIES_PATH}/${AUTHORITIES_KEY}` },
  { name: 'GLITCHKEEPER_CERTIFICATE_AUTHORITIES', value: `${AUTHORITIES_PATH}/${AUTHORITIES_KEY}` },
];
