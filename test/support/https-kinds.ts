// The kinds of Traefik, of cert-manager and of the Gateway API for an API server without them: of each the fields that our manifests use, as
// Traefik 3.7, cert-manager 1.21 and Gateway API 1.6 declare them, so that another field or type is refused.
import { stringify } from 'yaml';

const TEXT = { type: 'string' };
const WHOLE = { type: 'integer' };
const object = (properties: object, required?: readonly string[]): object => ({ type: 'object', properties, ...(required === undefined ? {} : { required }) });
const list = (items: object): object => ({ type: 'array', items });

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly spec: object;
}
const traefik = (spec: object): Kind => ({ group: 'traefik.io', version: 'v1alpha1', spec });
const certManager = (spec: object): Kind => ({ group: 'cert-manager.io', version: 'v1', spec });

const KINDS: Readonly<Record<string, Kind>> = {
  IngressRoute: traefik(object({
    entryPoints: list(TEXT),
    routes: list(object({
      match: TEXT, kind: { type: 'string', enum: ['Rule'] }, priority: WHOLE,
      middlewares: list(object({ name: TEXT, namespace: TEXT }, ['name'])),
      services: list(object({ name: TEXT, namespace: TEXT, port: { 'x-kubernetes-int-or-string': true } }, ['name'])),
    }, ['match'])),
    tls: object({ secretName: TEXT, certResolver: TEXT }),
  }, ['routes'])),
  Middleware: traefik(object({
    headers: object({ stsSeconds: { ...WHOLE, format: 'int64', minimum: 0 } }),
    redirectScheme: object({ scheme: TEXT, permanent: { type: 'boolean' }, port: TEXT }),
  })),
  HTTPRoute: { group: 'gateway.networking.k8s.io', version: 'v1', spec: object({
    parentRefs: list(object({ name: TEXT, namespace: TEXT, sectionName: TEXT }, ['name'])), hostnames: list(TEXT),
    rules: list(object({
      matches: list(object({ path: object({ type: TEXT, value: TEXT }) })), backendRefs: list(object({ name: TEXT, port: WHOLE }, ['name'])),
      filters: list(object({ type: TEXT, requestRedirect: object({ scheme: TEXT, statusCode: WHOLE }) }, ['type'])),
    })),
  }) },
  Certificate: certManager(object({
    secretName: TEXT, dnsNames: list(TEXT), issuerRef: object({ name: TEXT, kind: TEXT, group: TEXT }, ['name']), privateKey: object({ rotationPolicy: { type: 'string', enum: ['Never', 'Always'] } }),
  }, ['secretName', 'issuerRef'])),
  Issuer: certManager(object({
    acme: object({
      email: TEXT, server: TEXT, privateKeySecretRef: object({ name: TEXT }, ['name']),
      solvers: list(object({ http01: object({ ingress: object({ ingressClassName: TEXT, serviceType: TEXT }) }) })),
    }, ['server', 'privateKeySecretRef']),
  })),
};

/** @throws Error when the API server does not take them */
export async function installHttpsKinds(kubectl: (args: readonly string[], input?: string) => Promise<{ readonly failed: boolean; readonly stderr?: unknown }>): Promise<void> {
  const definitions = Object.entries(KINDS).map(([kind, one]) => stringify(definition(kind, one)));
  const names = Object.entries(KINDS).map(([kind, { group }]) => `crd/${pluralOf(kind)}.${group}`);
  for (const [args, input] of [[['apply', '-f', '-'], definitions.join('---\n')], [['wait', '--for=condition=Established', '--timeout=30s', ...names], '']] as const) {
    const { failed, stderr } = await kubectl(args, input);
    if (failed) throw new Error(`the kinds of Traefik and cert-manager were refused: ${String(stderr)}`);
  }
}

/** Of a group of kubernetes.io, or one like it, the API server wants to know that somebody looked at it. */
const APPROVED = { 'api-approved.kubernetes.io': 'unapproved, a part of it for tests' };

function definition(kind: string, { group, version, spec }: Kind): object {
  const plural = pluralOf(kind);
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.${group}`, annotations: APPROVED },
    spec: {
      group, scope: 'Namespaced', names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: object({ spec }, ['spec']) } }],
    },
  };
}

function pluralOf(kind: string): string {
  return `${kind.toLowerCase()}s`;
}
