// The container that web, worker and the migrate Job share: image, environment, credentials as files, writable places.
import type * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { CLAIMS, CONFIG_MAPS, DATABASE, SECRETS } from '../part-names.js';
import { featureVariables, onOff } from './feature-variables.js';
import { CONTAINER_SECURITY, SMALL_TMP, configFiles, containerResources, optionalConfigFiles, optionalSecretFiles, podField, scratch, secretFiles, type Identity } from './pod-template.js';
import { MEBIBYTE, bytesOf } from '../quantity.js';
import { grownAt, type Process, type Variable } from '../releases.js';
import type { ContainerResources, Settings } from '../settings/schema.js';
import { hstsSeconds } from '../traefik.js';
import { claimed } from './volume-claim.js';
import { topologyOf } from '../topology.js';

/** User of GlitchTip's image (its Dockerfile: useradd -u 5000 app). */
export const GLITCHTIP_USER: Identity = { user: 5000, group: 5000 };

const CREDENTIALS_PATH = '/run/secrets/glitchtip';
const RUNTIME_PATH = '/glitchkeeper';
const EMAIL_PATH = '/run/secrets/email';
/** As charts/runtime/email_login.py reads them. */
const EMAIL_KEYS = ['url', 'host', 'port', 'user', 'password', 'tls'];

/** Read through X_FILE, so that no value is in a manifest, an environment or an argument. */
const CREDENTIALS = ['SECRET_KEY', 'DATABASE_USER', 'DATABASE_PASSWORD', 'VALKEY_URL'] as const;

/** Of the release that runs. */
export function glitchtipImage(settings: Settings): string {
  return settings.images.glitchtip ?? `docker.io/glitchtip/glitchtip:${topologyOf(settings).tag}`;
}

/** What differs between the containers that run GlitchTip's image. */
export interface ApplicationContainer {
  readonly name: string;
  readonly process: Process;
  readonly resources: ContainerResources;
  readonly command?: readonly string[];
  /** Size of its /tmp. */
  readonly tmp?: string;
}

export function applicationContainer(settings: Settings, props: ApplicationContainer): k8s.Container {
  const command = props.command ?? props.process.command;
  return {
    name: props.name,
    image: glitchtipImage(settings),
    imagePullPolicy: 'IfNotPresent',
    command: command === undefined ? ['./bin/start.sh'] : [...command],
    env: environment(settings, props),
    resources: containerResources(props.resources, props.tmp),
    securityContext: CONTAINER_SECURITY,
    volumeMounts: [
      { name: 'credentials', mountPath: CREDENTIALS_PATH, readOnly: true },
      { name: 'runtime', mountPath: RUNTIME_PATH, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'uploads', mountPath: '/code/uploads' },
    ],
  };
}

/** In web, which sends password resets, and in the worker, which sends alerts: without the Secret they start, and write mails to the log. */
export function withMailLogin({ email: { secret } }: Settings, pod: k8s.PodSpec): k8s.PodSpec {
  if (secret === undefined) return pod;
  return {
    ...pod,
    containers: pod.containers.map((container) => ({
      ...container,
      env: [...container.env ?? [], { name: 'GLITCHKEEPER_EMAIL_DIR', value: EMAIL_PATH }],
      volumeMounts: [...container.volumeMounts ?? [], { name: 'email', mountPath: EMAIL_PATH, readOnly: true }],
    })),
    volumes: [...pod.volumes ?? [], optionalSecretFiles('email', secret, EMAIL_KEYS)],
  };
}

/** Holds web and worker back until the migrate Job is done: no half-migrated start, no sign-up before the administrator. */
export function waitForMigrations(settings: Settings, { process, resources, tmp }: Pick<ApplicationContainer, 'process' | 'resources' | 'tmp'>): k8s.Container {
  const container = withUpgrade(applicationContainer(settings, {
    name: 'wait-for-migrations', process, resources, tmp, command: runtimeCommand('wait.py', 'migrations', settings.version),
  }));
  return { ...container, volumeMounts: [...container.volumeMounts ?? [], { name: 'hold', mountPath: '/run/hold', readOnly: true }] };
}

/** A container that runs wait.py, which has to see whether somebody meant an upgrade. */
export function withUpgrade(container: k8s.Container): k8s.Container {
  return { ...container, volumeMounts: [...container.volumeMounts ?? [], { name: 'upgrade', mountPath: '/run/upgrade', readOnly: true }] };
}

export function runtimeCommand(script: string, ...args: string[]): string[] {
  return ['python', `${RUNTIME_PATH}/${script}`, ...args];
}

export function applicationVolumes(tmp = SMALL_TMP): k8s.Volume[] {
  return [
    secretFiles('credentials', SECRETS.application),
    configFiles('runtime', CONFIG_MAPS.runtime),
    optionalConfigFiles('upgrade', CONFIG_MAPS.upgrade),
    scratch('tmp', tmp),
    claimed('uploads', CLAIMS.uploads),
  ];
}

/** Of web and worker, which a restore or an upgrade holds. */
export function heldVolumes(tmp?: string): k8s.Volume[] {
  return [...applicationVolumes(tmp), optionalConfigFiles('hold', CONFIG_MAPS.hold)];
}

function environment(settings: Settings, { process, resources }: Pick<ApplicationContainer, 'process' | 'resources'>): k8s.EnvVar[] {
  const { valkey } = topologyOf(settings);
  const files = CREDENTIALS.filter((name) => valkey || name !== 'VALKEY_URL');
  return [
    ...files.map((name) => ({ name: `${name}_FILE`, value: `${CREDENTIALS_PATH}/${name}` })),
    { name: 'POD_IP', valueFrom: podField('status.podIP') },
    ...DATABASE_SERVICE.map(({ name, value }) => ({ name, value })),
    ...unlessDatabase(settings, { process, resources }),
    ...(valkey ? [] : [{ name: 'VALKEY_URL', value: '' }]),
  ];
}

/** All but which servers there are, and who may use them. */
export function unlessDatabase(settings: Settings, { process, resources }: Pick<ApplicationContainer, 'process' | 'resources'>): k8s.EnvVar[] {
  const grown = grownAt(bytesOf(resources.limits.memory) / MEBIBYTE);
  return [
    ...[...commonVariables(settings), ...process.env].map(({ name, value }) => ({ name, value })),
    ...(process.replacesGrown && grown !== undefined ? [{ name: 'GRANIAN_WORKERS_MAX_RSS', value: String(grown) }] : []),
    { name: 'DATABASE_POOL_MIN_SIZE', value: '1' },
    { name: 'DATABASE_POOL_MAX_SIZE', value: String(process.connections) },
    // After a restart of PostgreSQL the pool would return broken connections, and a batch of accepted events fails on one and is gone.
    { name: 'DATABASE_CONN_HEALTH_CHECKS', value: 'True' },
  ];
}

const DATABASE_SERVICE: readonly Variable[] = [
  { name: 'DATABASE_HOST', value: 'postgres', why: 'the Service' },
  { name: 'DATABASE_PORT', value: String(DATABASE.port), why: 'the Service' },
  { name: 'DATABASE_NAME', value: DATABASE.name, why: 'made by the postgres image' },
];

/** Everything about the address follows from settings.domain. */
function commonVariables(settings: Settings): Variable[] {
  const { domain, retentionDays, email, namespace } = settings;
  const { hostname, protocol } = new URL(domain);
  const secure = protocol === 'https:';
  const hosts = [...new Set([hostname, 'localhost', '127.0.0.1', 'web', `web.${namespace}`, `web.${namespace}.svc`, `web.${namespace}.svc.cluster.local`])];
  return [
    { name: 'GLITCHTIP_DOMAIN', value: domain, why: 'links and DSNs' },
    { name: 'ALLOWED_HOSTS', value: hosts.join(','), why: 'the default "*" believes any Host header; POD_IP is added for the probes' },
    { name: 'CSRF_TRUSTED_ORIGINS', value: domain, why: 'behind TLS Django refuses forms without it' },
    { name: 'SESSION_COOKIE_SECURE', value: onOff(secure), why: 'over https a cookie must not travel in clear' },
    { name: 'CSRF_COOKIE_SECURE', value: onOff(secure), why: 'likewise; 5.2 does not read it, sitecustomize.py does' },
    { name: 'SECURE_HSTS_SECONDS', value: String(hstsSeconds(settings)), why: 'a year; browsers never ask in clear again' },
    ...featureVariables(settings),
    { name: 'GLITCHTIP_MAX_EVENT_LIFE_DAYS', value: String(retentionDays), why: 'retention' },
    { name: 'GLITCHTIP_RETENTION_DAYS', value: String(retentionDays), why: 'the same under its name of 6.x' },
    { name: 'EMAIL_URL', value: email.url, why: 'setting' },
    { name: 'EMAIL_TIMEOUT', value: '30', why: 'seconds; without it a server that does not answer keeps a thread for ever' },
    { name: 'DEFAULT_FROM_EMAIL', value: email.from, why: 'setting' },
    { name: 'PYTHONPATH', value: RUNTIME_PATH, why: 'sitecustomize.py' },
    { name: 'PYTHONDONTWRITEBYTECODE', value: '1', why: 'the root file system is read-only' },
    { name: 'HOME', value: '/tmp', why: 'likewise' },
  ];
}
