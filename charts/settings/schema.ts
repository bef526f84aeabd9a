// The schema of settings.yaml: every key, default and unit of the product in one place.
import * as z from 'zod';
import { RELEASES, describeRefusal, nextRelease, patchOfImage, releaseOf, releaseOfImage, type Release } from '../../operator/api/glitchtip-releases.js';
import { isTimeZone } from '../../operator/api/rotation-fields.js';
import { monitoringSettings } from './monitoring-schema.js';
import { parseCpu, parseMemory } from '../quantity.js';
import { TINY_RELEASES, releaseFacts } from '../releases.js';
import { expectedDomain } from './domain.js';
import { backup } from './backup-schema.js';
import { email } from './email-schema.js';
import { featureProblems, logs, mcp, registration, uptime, webhooks } from './feature-schema.js';
import { alerts, health } from './health-schema.js';
import { https, httpsProblems } from './https-schema.js';
import { move, moveProblems } from './move-schema.js';
import { network } from './network-schema.js';
import { pods } from './pod-schema.js';
import { windowProblems } from './window-problems.js';
import { cpu, dnsLabel, hostName, image, memory, memoryOrNone, objectName, show, subnet, tcpPort, timeOfDay, wholeBytes, wholeNumber, yesOrNo } from './value-kinds.js';

/** Requests and limits of one container. */
const container = (defaults: { requests: [cpu: string, memory: string]; limits: [cpu: string, memory: string] }) => {
  const amounts = ([cores, bytes]: [string, string]) =>
    z.strictObject({ cpu: cpu.default(cores), memory: wholeBytes('RAM').default(bytes) }).prefault({});
  return z.strictObject({ requests: amounts(defaults.requests), limits: amounts(defaults.limits) })
    .superRefine((value, context) => {
      const pairs = [['cpu', parseCpu], ['memory', parseMemory]] as const;
      for (const [resource, parse] of pairs) {
        const request = parse(value.requests[resource]);
        const limit = parse(value.limits[resource]);
        // What is no quantity was said already.
        if (request !== undefined && limit !== undefined && limit > 0 && limit < request) {
          context.addIssue({
            code: 'custom', path: ['limits', resource],
            message: `expected at least the request (${value.requests[resource]}), found ${value.limits[resource]}`,
          });
        }
      }
    })
    .prefault({});
};

const resources = z.strictObject({
  web: container({ requests: ['250m', '150Mi'], limits: ['500m', '300Mi'] }),
  worker: container({ requests: ['250m', '100Mi'], limits: ['500m', '250Mi'] }),
  postgres: container({ requests: ['100m', '80Mi'], limits: ['250m', '150Mi'] }),
  valkey: container({ requests: ['50m', '10Mi'], limits: ['100m', '50Mi'] }),
  /** One process for web, worker and scheduler (profile tiny). Not measured: 6.2 was not run here. */
  single: container({ requests: ['300m', '200Mi'], limits: ['1', '400Mi'] }),
  /** A Django process of its own costs 100-130Mi (measured on GlitchTip 5.2); migrations from empty a little more. */
  migrate: container({ requests: ['250m', '100Mi'], limits: ['1', '200Mi'] }),
  /** Bare Node.js is about 40Mi resident; the operator's goal is 1.25 times that. */
  operator: container({ requests: ['50m', '48Mi'], limits: ['250m', '96Mi'] }),
  /** Its request is its weight where the processors are not enough for all: whoever answers SDKs comes first, or they give up and the event is lost. */
  gateway: container({ requests: ['150m', '64Mi'], limits: ['500m', '96Mi'] }),
  /** Each of the three programs of a backup, or of a restore; they run one after the other. Measured: at most 46Mi (backup/README.md). */
  backup: container({ requests: ['50m', '64Mi'], limits: ['500m', '96Mi'] }),
  /** k3s' own Traefik, where it serves `domain`. At most 32Mi of its own and 67Mi of its program were seen (docs/https.md). */
  traefik: container({ requests: ['50m', '64Mi'], limits: ['500m', '104Mi'] }),
  /** cloudflared, with https.mode tunnel. Not measured: it was not run here. */
  tunnel: container({ requests: ['50m', '48Mi'], limits: ['500m', '96Mi'] }),
}).prefault({});

const host = z.strictObject({
  /** All of the host's RAM. */
  memory: memory('RAM of the host').default('1.9Gi'),
  /** Cores of the host: what requests of a rollout must fit into. */
  cpu: cpu.default('2'),
  /** Set aside for the control plane and the system. `npm run bench -- memory`: the processes' own memory is about 80 % of this, the rest is file pages. */
  controlPlane: memory('RAM for the control plane').default('470Mi'),
  /** Set aside for the other services of the host. */
  neighbours: memoryOrNone('RAM for other services').default('128Mi'),
}).prefault({});

const gateway = z.strictObject({
  /** false: web takes events itself, and what its queue loses is lost. */
  enabled: yesOrNo.default(true),
  /** Events that wait for GlitchTip, on disk. When it is full, SDKs are told to wait (429). */
  spool: wholeBytes('disk').default('1Gi'),
  /** SDKs of version 11 send spans instead of transactions, which GlitchTip drops: each root span becomes a transaction. */
  spansToTransactions: yesOrNo.default(true),
  /** Beyond these an SDK is told to wait (429), so that one runaway client does not fill the disk for the others. Each may come a minute ahead of itself. */
  limits: z.strictObject({
    /** Of one project. */
    projectEventsPerSecond: wholeNumber(1, 100_000, 'events').default(1_000),
    projectBytesPerSecond: wholeBytes('a second').default('4Mi'),
    /** Of all projects. */
    eventsPerSecond: wholeNumber(1, 100_000, 'events').default(2_000),
    bytesPerSecond: wholeBytes('a second').default('8Mi'),
  }).prefault({}),
  /** Networks of the proxies whose X-Forwarded-For, -Proto and -Host are believed; nobody else's are. */
  trustedProxies: z.array(subnet).default([]),
}).prefault({});

const storage = z.strictObject({
  /** Storage class of all volumes; left out, the cluster's default (k3s: local-path). */
  className: objectName('storage class').optional(),
  postgres: wholeBytes('disk').default('8Gi'),
  valkey: wholeBytes('disk').default('1Gi'),
  uploads: wholeBytes('disk').default('2Gi'),
  /** No volume, and so free to change: /tmp of the process that unpacks source maps, the worker or where there is none web. Above it the pod is put out. */
  tmp: wholeBytes('disk').default('512Mi'),
}).prefault({});

const STOCK_NODE = 'docker.io/library/node:24-alpine';

const images = z.strictObject({
  /** Left out: the official image of `version`. */
  glitchtip: image.optional(),
  /** Of the release after `version`, which glitchkeeper rehearse tries. Left out: the official image. */
  rehearsal: image.optional(),
  postgres: image.default('docker.io/library/postgres:17-alpine'),
  valkey: image.default('docker.io/valkey/valkey:8-alpine'),
  /** With https.mode tunnel. */
  cloudflared: image.default('docker.io/cloudflare/cloudflared:2026.9.3'),
  /** Node.js, which runs the operator's bundle from a ConfigMap; or, with operator.bundle: image, an image that has the bundle in it. */
  operator: image.default(STOCK_NODE),
}).prefault({});

const operator = z.strictObject({
  /** configmap: nothing to build and no registry needed. image: what operator/Dockerfile makes, named by images.operator. */
  bundle: z.enum(['configmap', 'image'], { error: (issue) => `expected configmap or image, found ${show(issue.input)}` }).default('configmap'),
  /** Hosts that a GlitchTip resource may name beside the Services of dist/: the operator logs in there, and its password in Valkey is sent as it is. */
  trustedHosts: z.array(hostName).default([]),
}).prefault({});

const service = z.strictObject({
  type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer'], {
    error: (issue) => `expected ClusterIP, NodePort or LoadBalancer, found ${show(issue.input)}`,
  }).default('ClusterIP'),
  /** NodePort and LoadBalancer listen on every address of the host; they are refused until this says that it is meant. */
  allowPublic: z.boolean({ error: (issue) => `expected true or false, found ${show(issue.input)}` }).default(false),
  /** The port outside. Left out: of a NodePort the cluster chooses one, of a LoadBalancer it is 8080. */
  port: tcpPort.optional(),
}).superRefine((value, context) => {
  if (value.port !== undefined && value.type === 'ClusterIP') {
    context.addIssue({ code: 'custom', path: ['port'], message: `expected none with ClusterIP, which has no port outside, found ${value.port}` });
  }
  if (value.port !== undefined && value.type === 'NodePort' && (value.port < 30_000 || value.port > 32_767)) {
    context.addIssue({ code: 'custom', path: ['port'], message: `expected a port from 30000 to 32767 with NodePort, found ${value.port}` });
  }
  if (value.type !== 'ClusterIP' && !value.allowPublic) {
    context.addIssue({
      code: 'custom', path: ['type'],
      message: `expected ClusterIP, or ${value.type} together with service.allowPublic: true, found ${value.type} alone: it opens a port to the outside`,
    });
  }
}).prefault({});

const rotation = z.strictObject({
  /** Whether the operator replaces the credentials on schedule; on demand it does so all the same. */
  enabled: z.boolean({ error: (issue) => `expected true or false, found ${show(issue.input)}` }).default(true),
  /** Days from one rotation to the next. */
  everyDays: wholeNumber(1, 3650, 'days').default(90),
  /** Time of day at which it begins, in `timeZone`. */
  at: timeOfDay.default('03:00'),
  /** Name of a time zone in the IANA's list. */
  timeZone: z.string().refine(isTimeZone, { error: (issue) => `expected a time zone such as Europe/Berlin or UTC, found ${show(issue.input)}` }).default('UTC'),
  /** Hours for which people stay signed in, and links in e-mails work, after SECRET_KEY changed. */
  graceHours: wholeNumber(0, 8760, 'hours').default(24),
}).superRefine(({ everyDays, graceHours }, context) => {
  if (everyDays < 1 || graceHours < everyDays * 24) return;
  context.addIssue({ code: 'custom', path: ['graceHours'], message: `expected fewer hours than the ${everyDays} days of everyDays (${everyDays * 24}), found ${graceHours}` });
}).prefault({});

const schema = z.strictObject({
  /** Its own: the quota, the network policies and the PodSecurity level are for everything in it, and removing GlitchTip deletes it. */
  namespace: dnsLabel.refine((name) => name !== 'default' && !name.startsWith('kube-'), {
    error: (issue) => `expected a namespace of GlitchTip's own, found ${show(issue.input)}, which Kubernetes uses`,
  }).default('glitchtip'),
  /** GlitchTip's release line: which commands, ports and variables the manifests use (charts/releases.ts). */
  version: z.preprocess(asRelease, z.string({ error: (issue) => `expected one of ${RELEASES.join(', ')}, found ${show(issue.input)}` }))
    .refine(isRelease, { error: (issue) => describeRefusal(String(issue.input)) })
    .transform((release) => release)
    // What was run itself (operator/api/glitchtip-releases.ts).
    .default('5.2')
    // For editors: it may be unquoted, and is one of these.
    .meta({ type: undefined, enum: [...RELEASES, ...RELEASES.map(Number)] }),
  /** classic: four parts; tiny: one GlitchTip process, queue in PostgreSQL, no Valkey. */
  profile: z.enum(['classic', 'tiny'], { error: (issue) => `expected classic or tiny, found ${show(issue.input)}` }).default('classic'),
  /** The one address at which people and SDKs reach GlitchTip: DSNs, links, allowed hosts, CSRF and cookies follow from it. */
  domain: z.string({ error: (issue) => `expected an http or https address such as https://errors.example.com, found ${show(issue.input)}` }).superRefine((value, context) => {
    const expected = expectedDomain(value);
    if (expected !== undefined) context.addIssue({ code: 'custom', message: `expected ${expected}, found ${show(value, value.includes('@'))}` });
  }).default('http://localhost:9090'),
  https,
  administrator: z.strictObject({
    email: z.email({ error: (issue) => `expected an e-mail address, found ${show(issue.input)}` }).default('admin@example.com'),
    /** In a database that was brought along: an ordinary account of this address becomes the administrator, and keeps its password. */
    promote: yesOrNo.default(false),
  }).prefault({}),
  /** Days that events are kept (GLITCHTIP_MAX_EVENT_LIFE_DAYS). */
  retentionDays: wholeNumber(1, 3650, 'days').default(90),
  email, registration, logs, uptime, webhooks, mcp,
  images, operator, gateway, resources, pods, storage, host, service, network, rotation, backup, move, health, alerts,
  monitoring: monitoringSettings,
}, {
  error: (issue) => issue.code === 'invalid_type' ? `expected a mapping of settings, found ${show(issue.input)}` : undefined,
}).superRefine((value, context) => {
  if (value.profile === 'tiny' && !TINY_RELEASES.includes(value.version)) {
    context.addIssue({
      code: 'custom', path: ['profile'],
      message: `expected classic with version ${value.version}, found tiny, which needs version ${TINY_RELEASES.join(' or ')}`,
    });
  }
  const ofGlitchTip = glitchtipImageProblem(value.version, value.images.glitchtip);
  if (ofGlitchTip !== undefined) context.addIssue({ code: 'custom', path: ['images', 'glitchtip'], message: ofGlitchTip });
  const ofRehearsal = rehearsalImageProblem(value.version, value.images.rehearsal);
  if (ofRehearsal !== undefined) context.addIssue({ code: 'custom', path: ['images', 'rehearsal'], message: ofRehearsal });
  if (value.operator.bundle === 'image' && withoutDigest(value.images.operator) === STOCK_NODE) {
    context.addIssue({
      code: 'custom', path: ['images', 'operator'],
      message: `expected the image that you made from operator/Dockerfile, because operator.bundle is image; found ${STOCK_NODE}, which has no operator in it`,
    });
  }
  for (const { path, message } of [...httpsProblems(value), ...moveProblems(value), ...featureProblems(value), ...windowProblems(value)]) context.addIssue({ code: 'custom', path: [...path], message });
});

function glitchtipImageProblem(version: Release, found: string | undefined): string | undefined {
  const named = found === undefined ? undefined : releaseOfImage(found);
  if (found === undefined || named === undefined) return undefined;
  if (named !== version) return `expected an image of GlitchTip ${version}, as version says, found ${show(found)}, which is of ${named}: change one of the two`;
  const [{ least }, patch] = [releaseFacts(version), patchOfImage(found)];
  return least !== undefined && patch !== undefined && patch < least.patch ? `expected ${version}.${least.patch} or later, found ${show(found)}: ${least.why}` : undefined;
}

function rehearsalImageProblem(version: Release, found: string | undefined): string | undefined {
  const [next, tried] = [nextRelease(version), found === undefined ? undefined : releaseOfImage(found)];
  if (tried === undefined || tried === next) return undefined;
  const expected = next === undefined ? `nothing, for ${version} is the newest release` : `an image of GlitchTip ${next}, the release after version`;
  return `expected ${expected}, found ${show(found)}, which is of ${tried}`;
}

function withoutDigest(image: string): string {
  return image.replace(/@.*$/, '');
}

/** Settings with every default filled in. */
export type Settings = z.infer<typeof schema>;
/** Settings as a person writes them: everything may be left out. */
export type SettingsInput = z.input<typeof schema>;
export type ContainerResources = Settings['resources']['web'];
export const settingsSchema = schema;

function isRelease(text: string): text is Release {
  return releaseOf(text) === text;
}

/** YAML reads an unquoted 5.2 as a number. */
function asRelease(value: unknown): unknown {
  return typeof value === 'number' ? (Number.isInteger(value) ? value.toFixed(1) : String(value)) : value;
}
