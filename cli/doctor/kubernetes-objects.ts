// Kubernetes' objects as far as `glitchkeeper doctor` reads them; what it does not read is left out.
import * as z from 'zod';

const strings = z.record(z.string(), z.string());
const quantities = z.record(z.string(), z.union([z.string(), z.number()]).transform(String));

const metadata = z.object({ name: z.string(), labels: strings.default({}), annotations: strings.default({}), creationTimestamp: z.string().default(''), deletionTimestamp: z.string().optional() });

const probe = z.object({
  httpGet: z.object({
    path: z.string().default('/'), port: z.union([z.string(), z.number()]),
    httpHeaders: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  }).optional(),
  exec: z.object({ command: z.array(z.string()).default([]) }).optional(),
  timeoutSeconds: z.number().default(1),
  periodSeconds: z.number().default(10),
  failureThreshold: z.number().default(3),
});

const container = z.object({
  name: z.string(),
  image: z.string().default(''),
  env: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]),
  ports: z.array(z.object({ name: z.string().optional(), containerPort: z.number(), hostPort: z.number().optional() })).default([]),
  resources: z.object({ requests: quantities.default({}), limits: quantities.default({}) }).default({ requests: {}, limits: {} }),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
});

const podSpec = z.object({
  hostNetwork: z.boolean().default(false), hostPID: z.boolean().default(false),
  containers: z.array(container), initContainers: z.array(container).default([]),
});

export const workload = z.object({
  kind: z.string(),
  metadata,
  spec: z.object({
    replicas: z.number().default(1),
    strategy: z.object({ type: z.string().optional(), rollingUpdate: z.object({ maxSurge: z.union([z.number(), z.string()]).optional() }).optional() }).default({}),
    template: z.object({ metadata: z.object({ annotations: strings.default({}) }).default({ annotations: {} }), spec: podSpec }),
  }),
  status: z.object({ readyReplicas: z.number().default(0), succeeded: z.number().default(0), failed: z.number().default(0) }).default({ readyReplicas: 0, succeeded: 0, failed: 0 }),
});

export const service = z.object({
  metadata,
  spec: z.object({
    type: z.string().default('ClusterIP'), externalIPs: z.array(z.string()).default([]), clusterIPs: z.array(z.string()).default([]),
    ports: z.array(z.object({ name: z.string().optional(), port: z.number(), targetPort: z.union([z.string(), z.number()]).optional() })).default([]),
  }),
});

export const ingress = z.object({
  metadata,
  spec: z.object({
    tls: z.array(z.object({ hosts: z.array(z.string()).default([]) })).default([]),
    rules: z.array(z.object({ host: z.string().optional() })).default([]),
  }).default({ tls: [], rules: [] }),
});

/** As far as it lets out to networks. */
export const networkPolicy = z.object({
  metadata,
  spec: z.object({
    egress: z.array(z.object({ to: z.array(z.object({ ipBlock: z.object({ cidr: z.string(), except: z.array(z.string()).default([]) }).optional() })).default([]) })).default([]),
  }),
});

export const node = z.object({
  metadata,
  spec: z.object({ podCIDRs: z.array(z.string()).default([]) }).default({ podCIDRs: [] }),
  status: z.object({
    allocatable: quantities.default({}),
    /** Names too, by their type. */
    addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]),
    conditions: z.array(z.object({ type: z.string(), status: z.string(), message: z.string().default('') })).default([]),
  }),
});

/** Of the pods of a backup's Job; the volumes as far as they are Secrets. */
export const podTemplate = z.object({
  metadata,
  template: z.object({ spec: podSpec.extend({
    containers: z.array(container.extend({ volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).default([]) })),
    volumes: z.array(z.object({ name: z.string(), secret: z.object({ secretName: z.string() }).optional() })).default([]),
  }) }),
});

export const claim = z.object({
  metadata,
  spec: z.object({ storageClassName: z.string().optional() }).default({}),
  status: z.object({ phase: z.string().default('Pending') }).default({ phase: 'Pending' }),
});
export const storageClass = z.object({ metadata, provisioner: z.string().default('') });
export const namespace = z.object({ metadata });
/** Which image each container runs. */
const containerImages = z.array(z.object({ name: z.string(), imageID: z.string().default('') })).default([]);
export const runningPod = z.object({
  metadata, spec: podSpec,
  status: z.object({
    phase: z.string().default('Pending'), podIPs: z.array(z.object({ ip: z.string() })).default([]), containerStatuses: containerImages, initContainerStatuses: containerImages,
  }).prefault({}),
});
export const lease = z.object({ spec: z.object({ holderIdentity: z.string().nullish(), renewTime: z.string().nullish(), leaseDurationSeconds: z.number().nullish() }) });
export const versions = z.object({
  clientVersion: z.object({ gitVersion: z.string() }),
  serverVersion: z.object({ gitVersion: z.string() }).optional(),
});
export const definition = z.object({
  spec: z.object({ versions: z.array(z.object({ name: z.string(), served: z.boolean(), schema: z.unknown() })) }),
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }).default({ conditions: [] }),
});
/** Of a Secret nothing but the names of its keys is ever asked for. */
export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) }).transform(({ items }) => items);

export type Probe = z.infer<typeof probe>;
export type Container = z.infer<typeof container>;
export type Workload = z.infer<typeof workload>;
export type Service = z.infer<typeof service>;
export type Ingress = z.infer<typeof ingress>;
export type NetworkPolicy = z.infer<typeof networkPolicy>;
export type ClusterNode = z.infer<typeof node>;
export type PodTemplate = z.infer<typeof podTemplate>;
export type Claim = z.infer<typeof claim>;
export type StorageClass = z.infer<typeof storageClass>;
export type NamespaceObject = z.infer<typeof namespace>;
export type RunningPod = z.infer<typeof runningPod>;
export type Lease = z.infer<typeof lease>;
export type Versions = z.infer<typeof versions>;
export type Definition = z.infer<typeof definition>;

/** The value of a container's variable; undefined where it has none, or takes it from elsewhere. */
export function variable({ env }: Container, name: string): string | undefined {
  return env.find((one) => one.name === name)?.value;
}

/** A workload of the stack by its component. */
export function componentOf({ metadata: { labels } }: { metadata: { labels: Readonly<Record<string, string>> } }): string | undefined {
  return labels['app.kubernetes.io/component'];
}

/** Name of the Secret that a pod has in a folder. */
export function secretMountedAt({ template: { spec } }: PodTemplate, folder: string): string | undefined {
  const mount = spec.containers.flatMap(({ volumeMounts }) => volumeMounts).find(({ mountPath }) => mountPath === folder);
  return spec.volumes.find(({ name }) => name === mount?.name)?.secret?.secretName;
}
