// The GlitchTip resource: one zod source for its types, its validation and the schema of its CustomResourceDefinition.
// zod/mini and not zod: whole zod costs the operator 10 MB of resident memory, mini none that can be measured.
import * as z from 'zod/mini';

import { backupSpec, backupStatus } from './backup-fields.js';
import { CONDITION_TYPES } from './conditions.js';
import { REFUSALS, RELEASES, describeRefusal, releaseOf, type Release } from './glitchtip-releases.js';
import { alertsSpec, healthSpec, healthStatus } from './health-fields.js';
import { DEFAULT_SECRET_NAMES, TRAEFIK_SERVICE, TUNNEL_SERVICE } from './object-names.js';
import { moveSpec, moveStatus } from './move-fields.js';
import { openWord } from './open-word.js';
import { rehearsalStatus } from './rehearsal-fields.js';
import { restoreStatus } from './restore-fields.js';
import { rotationSpec, rotationStatus } from './rotation-fields.js';
import { upgradeStatus } from './upgrade-fields.js';

/** A DNS-1123 subdomain, as the names of most Kubernetes objects must be: labels with dots between them, none empty. */
const objectName = () =>
  z.string().check(z.regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/), z.maxLength(253));
const host = () => z.string().check(z.minLength(1), z.maxLength(253));
const port = () => z.int().check(z.gte(1), z.lte(65_535));
/** An RFC 3339 instant, as metav1.Time writes it. */
const instant = () => z.string().check(z.meta({ format: 'date-time' }));
/** Names of Postgres roles and databases: lower case without quotes, so that no tool needs to quote them. */
const identifier = () => z.string().check(z.regex(/^[a-z_][a-z0-9_]*$/), z.maxLength(55));

const secrets = z.object({
  application: z._default(objectName(), DEFAULT_SECRET_NAMES.application),
  postgres: z._default(objectName(), DEFAULT_SECRET_NAMES.postgres),
  valkey: z._default(objectName(), DEFAULT_SECRET_NAMES.valkey),
  administrator: z._default(objectName(), DEFAULT_SECRET_NAMES.administrator),
  gateway: z._default(objectName(), DEFAULT_SECRET_NAMES.gateway),
  backup: z._default(objectName(), DEFAULT_SECRET_NAMES.backup),
  rotation: z._default(objectName(), DEFAULT_SECRET_NAMES.rotation),
}).check(z.meta({
  description: 'Names of the Secrets. The operator creates those that are missing, and replaces a value only when it rotates it.',
  'x-kubernetes-validations': [{
    rule: '[self.application, self.postgres, self.valkey, self.administrator, self.gateway, self.backup, self.rotation].all(n, [self.application, self.postgres, self.valkey, self.administrator, self.gateway, self.backup, self.rotation].exists_one(m, m == n))',
    message: 'every Secret needs a name of its own: two of application, postgres, valkey, administrator, gateway, backup and rotation are the same',
  }],
}));

const database = z.object({
  host: z._default(host(), 'postgres'),
  port: z._default(port(), 5432),
  name: z._default(identifier(), 'glitchtip').check(
    z.meta({
      description: 'The database, and the NOLOGIN role that owns it; the logins are this name with _a and _b, the gateway\'s with _gateway, the one that dumps with _backup.',
      'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'the database cannot be renamed here: the data would stay behind under the old name; restore a dump into a new GlitchTip' }],
    }),
  ),
}).check(z.meta({ description: 'The Postgres server that the operator prepares.' }));

const valkey = z.object({
  host: z._default(host(), 'valkey'),
  port: z._default(port(), 6379),
}).check(z.meta({ description: 'The Valkey server. Absent: Postgres does queue, cache and sessions (VALKEY_URL is empty).' }));

const web = z.object({
  deployment: z._default(objectName(), 'web'),
  host: z._default(host(), 'web'),
  port: z._default(port(), 8080),
  tls: z.optional(objectName()).check(z.meta({ description: 'Secret of type kubernetes.io/tls whose certificate is watched for its end. Absent: none is.' })),
}).check(z.meta({ description: 'GlitchTip\'s HTTP server: the Deployment that is rolled, and its Service.' }));

const gateway = z.object({
  deployment: z._default(objectName(), 'gateway'),
  host: z._default(host(), 'web'),
  port: z._default(port(), 8080),
  controlHost: z._default(host(), 'gateway-control'),
  controlPort: z._default(port(), 9465),
}).check(z.meta({ description: 'The ingest gateway: the Deployment that is rolled, the Service that people and SDKs use, and the one that the operator asks. Absent: web takes events itself.' }));

const worker = z.object({
  deployment: z._default(objectName(), 'worker'),
}).check(z.meta({ description: 'The worker\'s Deployment. Absent: web does everything in one process.' }));

const https = z.object({
  name: host().check(z.meta({ description: 'The public name that a certificate is served for.' })),
  host: z._default(host(), TRAEFIK_SERVICE),
  port: z._default(port(), 443),
  plainPort: z._default(port(), 80).check(z.meta({ description: 'Where the same host answers in clear, which must lead to https.' })),
  selfSigned: z.optional(z.boolean()).check(z.meta({ description: 'The certificate is Traefik\'s own, which is for no name and signed by nobody: for development. It is not watched.' })),
  certManager: z.optional(z.object({
    issuer: z.optional(objectName()).check(z.meta({ description: 'The Issuer of this namespace that it asks. Absent: a ClusterIssuer.' })),
  })).check(z.meta({ description: 'cert-manager gets the certificate: its orders and challenges in this namespace are looked at. Absent: it does not.' })),
}).check(z.meta({ description: 'Where TLS is served, which each check asks for the certificate of `name`. Absent: by nobody that the operator knows of.' }));

const tunnel = z.object({
  deployment: z._default(objectName(), TUNNEL_SERVICE),
  host: z._default(host(), TUNNEL_SERVICE),
  port: z._default(port(), 2000),
}).check(z.meta({ description: 'The Cloudflare Tunnel that people and SDKs come by: its Deployment, and where it says whether it is connected. Absent: they come by another way.' }));

const administrator = z.object({
  email: z._default(
    z.string().check(z.regex(/^[^@\s]+@[^@\s]+$/), z.maxLength(254)),
    'admin@example.com',
  ),
}).check(z.meta({ description: 'The first administrator, created before anything can reach the service.' }));

// prefault, not _default: Kubernetes fills in the fields of a default object too, and so must we.
export const glitchTipSpec = z.object({
  version: z.string().check(
    z.regex(/^[0-9]+\.[0-9]+(\.[0-9]+)?$/),
    z.maxLength(20),
    z.refine((version) => releaseOf(version) !== undefined, { error: ({ input }) => describeRefusal(String(input)) }),
    z.meta({
      description: 'Version of GlitchTip that runs, as the image is tagged: 5.2 or 5.2.1.',
      'x-kubernetes-validations': [{ rule: `self.matches('^(${RELEASES.join('|').replaceAll('.', '[.]')})([.][0-9]+)?$')`, message: REFUSALS }],
    }),
  ),
  suspend: z._default(z.boolean(), false).check(
    z.meta({ description: 'While true the operator observes and reports, and changes nothing.' }),
  ),
  secrets: z.prefault(secrets, {}),
  database: z.prefault(database, {}),
  valkey: z.optional(valkey),
  web: z.prefault(web, {}),
  worker: z.optional(worker),
  gateway: z.optional(gateway),
  https: z.optional(https),
  tunnel: z.optional(tunnel),
  administrator: z.prefault(administrator, {}),
  rotation: z.prefault(rotationSpec, {}),
  /** Absent: none is made, and nothing is said of copies. */
  backup: z.optional(backupSpec),
  /** Absent: there is no old server; a move that is under way goes on. */
  move: z.optional(moveSpec),
  health: z.prefault(healthSpec, {}),
  alerts: z.prefault(alertsSpec, {}),
}).check(z.meta({
  'x-kubernetes-validations': [{
    rule: "has(self.gateway) || !has(self.rotation.credentials) || !self.rotation.credentials.exists(c, c == 'gateway')",
    message: 'rotation.credentials names gateway, but this GlitchTip has none: remove it there, or set gateway',
  }, {
    rule: "has(self.valkey) || !has(self.rotation.credentials) || !self.rotation.credentials.exists(c, c == 'valkey')",
    message: 'rotation.credentials names valkey, but this GlitchTip has none: remove it there, or set valkey',
  }, {
    rule: 'has(self.gateway) || !has(self.move)',
    message: 'move is set, but this GlitchTip has no gateway, which gives events to both: remove it, or set gateway',
  }, {
    rule: "has(self.backup) || !has(self.rotation.credentials) || !self.rotation.credentials.exists(c, c == 'backup')",
    message: 'rotation.credentials names backup, but this GlitchTip has none: remove it there, or set backup',
  }],
}));

const condition = z.object({
  type: openWord(CONDITION_TYPES),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().check(z.regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/), z.maxLength(1024)),
  message: z.string().check(z.maxLength(32_768)),
  observedGeneration: z.optional(z.int().check(z.gte(0))),
  lastTransitionTime: instant(),
});

const credential = z.object({
  name: z.string().check(z.meta({ description: 'Name of the Secret.' })),
  generation: z.int().check(z.gte(1), z.meta({ description: 'How many times it was made: 1 until the first rotation.' })),
  createdAt: z.optional(instant()),
  rotatedAt: z.optional(instant()),
}).check(z.meta({ description: 'What is known of a credential; never its value.' }));

export const glitchTipStatus = z.object({
  observedGeneration: z.optional(z.int().check(z.gte(0))),
  conditions: z.optional(
    z.array(condition).check(z.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })),
  ),
  credentials: z.optional(
    z.array(credential).check(z.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })),
  ),
  postgres: z.optional(z.object({
    systemIdentifier: z.optional(z.string().check(z.maxLength(20))).check(z.meta({ description: 'Of the data directory that is in use, as initdb made it.' })),
  })),
  rotation: z.optional(rotationStatus),
  backup: z.optional(backupStatus),
  restore: z.optional(restoreStatus),
  rehearsal: z.optional(rehearsalStatus),
  upgrade: z.optional(upgradeStatus),
  move: z.optional(moveStatus),
  health: z.optional(healthStatus),
});

export type GlitchTipSpec = z.output<typeof glitchTipSpec>;

/** The release whose facts hold. @throws RangeError for a version that {@link parseSpec} would have refused */
export function specRelease({ version }: Pick<GlitchTipSpec, 'version'>): Release {
  const release = releaseOf(version);
  if (release === undefined) throw new RangeError(`spec.version: ${describeRefusal(version)}`);
  return release;
}

/** Where events are sent to: the gateway where there is one, else web. */
export function ingestAddress({ gateway: front, web: backend }: Pick<GlitchTipSpec, 'gateway' | 'web'>): { readonly host: string; readonly port: number } {
  return front ?? backend;
}

export type GlitchTipStatus = z.output<typeof glitchTipStatus>;
export type Condition = z.output<typeof condition>;
export type CredentialStatus = z.output<typeof credential>;

/** The resource as the API server returns it; `spec` is unproven until {@link parseSpec} accepts it. */
export interface GlitchTipResource {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: unknown;
  readonly status?: GlitchTipStatus;
}

export type ParsedSpec =
  | { readonly kind: 'valid'; readonly spec: GlitchTipSpec }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Fills in the defaults and names every field that is wrong. Never throws. */
export function parseSpec(raw: unknown): ParsedSpec {
  const result = glitchTipSpec.safeParse(raw);
  if (result.success) return { kind: 'valid', spec: result.data };
  return {
    kind: 'invalid',
    problems: result.error.issues.map((issue) => `spec.${issue.path.join('.')}: ${issue.code === 'custom' ? issue.message : issue.code}`),
  };
}
