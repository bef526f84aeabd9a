// k3s' own Traefik: where its pods are, and what it is told at its start. Its routes to GlitchTip are in charts/parts/https.ts.
import { CERT_MANAGER } from '../operator/api/object-names.js';
import type { Settings } from './settings/schema.js';

/** As k3s installs it, from its own Helm chart. */
export const TRAEFIK = {
  namespace: 'kube-system',
  /** Of its pods. */
  labels: { 'app.kubernetes.io/name': 'traefik' },
  /** Entry points: its names for the ports 80 and 443. */
  plain: 'web',
  secure: 'websecure',
  /** On which its pods listen for 80 and 443. */
  plainPort: 8000,
  securePort: 8443,
  /** By which Ingresses of others ask for it. */
  ingressClass: 'traefik',
} as const;

/** Traefik's name for whom it gets certificates from. */
export const RESOLVER = 'glitchkeeper';

/** A request that takes longer to come in is ended with 502, at 33 KB/s one of 30 MB; Traefik's own 60 s are too short for uploads. Minutes. */
const UPLOAD_MINUTES = 15;
/** Shorter than the gateway keeps idle connections (75 s, gateway/front/server.ts): who closes first must be who sends. Traefik's own is 90. Seconds. */
const IDLE_SECONDS = 60;
/**
 * Of the limit, for Go's heap: beside it the program's own pages (67Mi) must stay in memory. Without room for them Traefik did not
 * become ready in 5 minutes (64Mi).
 */
const HEAP_SHARE = 0.5;
/**
 * Between a challenge and its validation. A Traefik that has just started is asked only once its probe has passed (k3s-io/k3s 1209), and a
 * certificate that is refused for that is tried again with the next change of a route, a renewal a day later. Traefik has it from 3.5 on. Seconds.
 */
const CHALLENGE_DELAY = 6;
/** The chart's own looks every 10 s, and takes the only Traefik away at the first look that fails. */
export const READINESS = { periodSeconds: 2, failureThreshold: 5 } as const;
/** Has one file, with an account and a certificate. */
const STORAGE_SIZE = '128Mi';

/** How long browsers ask by https only (Strict-Transport-Security). A year; where nobody trusts the certificate they must be able to come by http again. Seconds. */
export function hstsSeconds({ domain, https }: Settings): number {
  return domain.startsWith('https:') && https.mode !== 'self-signed' ? 31_536_000 : 0;
}

export function isServedByTraefik({ https }: Settings): boolean {
  return https.mode !== 'none' && https.mode !== 'tunnel';
}

/** Whether who serves https is a pod of the cluster, so that the gateway has to believe those. */
export function isServedInCluster(settings: Settings): boolean {
  return settings.https.mode !== 'none' || settings.https.gateway !== undefined;
}

/** Whose certificate is served, or watched for its end; undefined: nobody's that is in a Secret. */
export function certificateSecret({ https: { mode, secret } }: Settings): string | undefined {
  return mode === 'cert-manager' ? secret ?? CERT_MANAGER.secret : secret;
}

/** Of the names of `https.eventNames`. With cert-manager one of its own: of a name that does not lead here yet there is none, and `domain` has its own all the same. */
export function eventNamesSecret(settings: Settings): string | undefined {
  return settings.https.mode === 'cert-manager' ? CERT_MANAGER.eventNamesSecret : certificateSecret(settings);
}

/**
 * Beside those of its chart. As arguments, whose names are Traefik's: those of the chart's values change with its versions. Port 80 has the time
 * for uploads where it takes events, and Traefik's own where it redirects.
 */
export function traefikArguments({ https: { mode, acme, acceptPlainEvents } }: Settings): string[] {
  const resolver = Object.entries({ email: acme.email, storage: '/data/acme.json', caserver: acme.server, 'httpchallenge.entrypoint': TRAEFIK.plain, 'httpchallenge.delay': `${CHALLENGE_DELAY}s` });
  return [
    ...[TRAEFIK.secure, ...(acceptPlainEvents === 'never' ? [] : [TRAEFIK.plain])].map((entryPoint) => `--entrypoints.${entryPoint}.transport.respondingtimeouts.readtimeout=${UPLOAD_MINUTES}m`),
    `--serverstransport.forwardingtimeouts.idleconntimeout=${IDLE_SECONDS}s`,
    ...(mode === 'traefik' ? resolver.map(([name, value]) => `--certificatesresolvers.${RESOLVER}.acme.${name}=${value ?? ''}`) : []),
  ];
}

/** HelmChartConfig for k3s, which merges it into the values of its own chart. */
export function traefikChartConfig(settings: Settings, writeYaml: (value: unknown) => string): object {
  const values = {
    deployment: { goMemLimitPercentage: HEAP_SHARE },
    resources: settings.resources.traefik,
    readinessProbe: READINESS,
    // One after the other: a surge pod would need its memory once more, and they share one file.
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    // The address of the client instead of the node's.
    service: { spec: { externalTrafficPolicy: 'Local' } },
    // Without it each start asks for a certificate anew, until the authority's limit is reached.
    ...(settings.https.mode === 'traefik' ? { persistence: { enabled: true, size: STORAGE_SIZE } } : {}),
    additionalArguments: traefikArguments(settings),
  };
  return {
    apiVersion: 'helm.cattle.io/v1', kind: 'HelmChartConfig',
    metadata: { name: 'traefik', namespace: TRAEFIK.namespace },
    spec: { valuesContent: writeYaml(values) },
  };
}
