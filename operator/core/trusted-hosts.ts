// Which servers a resource may name. Valkey and the gateway's control port are shown a password as it is, so whoever may patch the
// resource must not choose who listens: the Services of the manifests, and what the operator's own settings name, are all there are.
// Traefik and the tunnel are shown no password, and are trusted with nothing else.
import { parseSpec, type GlitchTipSpec, type ParsedSpec } from '../api/glitchtip-resource.js';
import { SERVICES, TRAEFIK_SERVICE, TUNNEL_SERVICE } from '../api/object-names.js';

/** Like {@link parseSpec}; a host that is not trusted is a problem of its field. `named`: hosts beside the Services of the manifests. */
export function parseTrusted(raw: unknown, named: readonly string[] = []): ParsedSpec {
  const parsed = parseSpec(raw);
  if (parsed.kind === 'invalid') return parsed;
  const trusted: readonly string[] = Object.values(SERVICES);
  const problems = hostsOf(parsed.spec)
    .map(([field, host]) => ({ field, host, allowed: [...(SHOWN_NOTHING.get(field) ?? trusted), ...named] }))
    .filter(({ host, allowed }) => !allowed.includes(host))
    .map(({ field, host, allowed }) => `spec.${field}: expected one of ${allowed.join(', ')} (operator.trustedHosts in settings.yaml names more), found ${host}`);
  return problems.length === 0 ? parsed : { kind: 'invalid', problems };
}

/** By the field that names them. */
const SHOWN_NOTHING: ReadonlyMap<string, readonly string[]> = new Map([['https.host', [TRAEFIK_SERVICE]], ['tunnel.host', [TUNNEL_SERVICE]]]);

function hostsOf({ database, valkey, web, gateway, https, tunnel }: GlitchTipSpec): readonly (readonly [field: string, host: string])[] {
  return [
    ['database.host', database.host],
    ...(valkey ? [['valkey.host', valkey.host] as const] : []),
    ['web.host', web.host],
    ...(https ? [['https.host', https.host] as const] : []),
    ...(tunnel ? [['tunnel.host', tunnel.host] as const] : []),
    ...(gateway ? [['gateway.host', gateway.host] as const, ['gateway.controlHost', gateway.controlHost] as const] : []),
  ];
}
