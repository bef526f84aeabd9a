// Traefik's kinds for an API server without Traefik: of each the fields that our manifests use, as Traefik 3.7 declares them, so that
// another field or type is refused.
import { stringify } from 'yaml';

const TEXT = { type: 'string' };
const WHOLE = { type: 'integer' };
const object = (properties: object, required?: readonly string[]): object => ({ type: 'object', properties, ...(required === undefined ? {} : { required }) });
const list = (items: object): object => ({ type: 'array', items });

const KINDS: Readonly<Record<string, object>> = {
  IngressRoute: object({
    entryPoints: list(TEXT),
    routes: list(object({
      match: TEXT, kind: { type: 'string', enum: ['Rule'] }, priority: WHOLE,
      middlewares: list(object({ name: TEXT, namespace: TEXT }, ['name'])),
      services: list(object({ name: TEXT, namespace: TEXT, port: { 'x-kubernetes-int-or-string': true } }, ['name'])),
    }, ['match'])),
    tls: object({ secretName: TEXT, certResolver: TEXT }),
  }, ['routes']),
  Middleware: object({
    headers: object({ stsSeconds: { ...WHOLE, format: 'int64', minimum: 0 } }),
    redirectScheme: object({ scheme: TEXT, permanent: { type: 'boolean' }, port: TEXT }),
  }),
};

/** @throws Error when the API server does not take them */
export async function installTraefikKinds(kubectl: (args: readonly string[], input?: string) => Promise<{ readonly failed: boolean; readonly stderr?: unknown }>): Promise<void> {
  const definitions = Object.entries(KINDS).map(([kind, spec]) => stringify(definition(kind, spec)));
  const names = Object.keys(KINDS).map((kind) => `crd/${pluralOf(kind)}.traefik.io`);
  for (const [args, input] of [[['apply', '-f', '-'], definitions.join('---\n')], [['wait', '--for=condition=Established', '--timeout=30s', ...names], '']] as const) {
    const { failed, stderr } = await kubectl(args, input);
    if (failed) throw new Error(`the kinds of Traefik were refused: ${String(stderr)}`);
  }
}

function definition(kind: string, spec: object): object {
  const plural = pluralOf(kind);
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.traefik.io` },
    spec: {
      group: 'traefik.io', scope: 'Namespaced', names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: 'v1alpha1', served: true, storage: true, schema: { openAPIV3Schema: object({ spec }, ['spec']) } }],
    },
  };
}

function pluralOf(kind: string): string {
  return `${kind.toLowerCase()}s`;
}
