// doctor: whether Host, CSRF and cookie settings of web agree with the one address that people use.
import { ingestAddress } from '../../operator/api/glitchtip-resource.js';
import { failure, notSeen, ok, onSight, oneOrEach, warning, type Finding, type Seen } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import { componentOf, variable, type Container, type Workload } from './kubernetes-objects.js';

const REMEDY = 'set domain in settings.yaml (all of these follow from it), then npm run synth && kubectl apply -f dist/';

/** The container that a part's workload is named for; undefined where it has none. */
export function mainContainer(workloads: readonly Workload[], part: string): Container | undefined {
  return workloads.find((one) => componentOf(one) === part && one.kind !== 'Job')?.spec.template.spec.containers[0];
}

/** Web's container, for the checks that are about nothing else. */
export function webContainer({ workloads }: Facts): Seen<Container> {
  if (!workloads.seen) return workloads;
  const web = mainContainer(workloads.value, 'web');
  return web === undefined ? notSeen('there is no workload of web') : { seen: true, value: web };
}

export function checkHost(facts: Facts): readonly Finding[] {
  return onSight('address', webContainer(facts), (web) => {
    const domain = variable(web, 'GLITCHTIP_DOMAIN');
    if (domain === undefined || !URL.canParse(domain)) return failure('address', `GLITCHTIP_DOMAIN is ${domain ?? 'not set'}`, REMEDY);
    const url = new URL(domain);
    return [
      ...oneOrEach(ok('address', domain), otherAddresses(facts, url)),
      ...hostFindings(web, url, facts),
      originFinding(web, url),
      cookieFinding(web, url),
    ];
  });
}

function otherAddresses({ workloads, ingresses }: Facts, { href, hostname }: URL): readonly Finding[] {
  const worker = workloads.seen ? mainContainer(workloads.value, 'worker') : undefined;
  const workers = worker && variable(worker, 'GLITCHTIP_DOMAIN');
  const served = ingresses.seen ? ingresses.value.flatMap(({ spec }) => spec.rules).flatMap(({ host }) => host ?? []) : [];
  return [
    ...(workers !== undefined && URL.canParse(workers) && new URL(workers).href !== href ? [failure('address', `web says ${href}, the worker ${workers}: links in mails go elsewhere`, REMEDY)] : []),
    ...(served.length > 0 && !served.includes(hostname) ? [warning('address', `GLITCHTIP_DOMAIN is ${hostname}, the ingress serves ${served.join(', ')}`, REMEDY)] : []),
  ];
}

function hostFindings(web: Container, { hostname }: URL, { resource, place }: Facts): readonly Finding[] {
  const text = variable(web, 'ALLOWED_HOSTS');
  // GlitchTip's own default.
  if (text === undefined || text === '*') return [warning('Host header', 'ALLOWED_HOSTS is *: any Host header is believed, and links are made from it', REMEDY)];
  const allowed = text.split(',').map((host) => host.trim());
  const internal = (resource.seen && resource.value ? ingestAddress(resource.value.spec).host : undefined) ?? 'web';
  const asks = [web.startupProbe, web.readinessProbe, web.livenessProbe].flatMap((probe) => probe?.httpGet?.httpHeaders ?? []).filter(({ name }) => name.toLowerCase() === 'host').map(({ value }) => value);
  return oneOrEach(ok('Host header', `ALLOWED_HOSTS has ${hostname} and what the cluster itself asks for`), [
    ...(allows(allowed, hostname) ? [] : [failure('Host header', `ALLOWED_HOSTS lacks ${hostname}: everybody gets 400`, REMEDY)]),
    ...[...new Set(asks)].filter((host) => !allows(allowed, host)).map((host) => failure('Host header', `ALLOWED_HOSTS lacks ${host}, which the probes ask for: web never becomes ready`, REMEDY)),
    ...(allows(allowed, internal) ? [] : [failure('Host header', `ALLOWED_HOSTS lacks ${internal}: the operator and services of namespace ${place.namespace} are refused`, REMEDY)]),
  ]);
}

/** As Django reads it: a leading dot is for all subdomains, too. */
function allows(allowed: readonly string[], host: string): boolean {
  return allowed.some((one) => one === host || (one.startsWith('.') && (host === one.slice(1) || host.endsWith(one))));
}

function originFinding(web: Container, { origin, protocol }: URL): Finding {
  const trusted = (variable(web, 'CSRF_TRUSTED_ORIGINS') ?? '').split(',').map((one) => one.trim());
  if (trusted.includes(origin)) return ok('CSRF', `${origin} is trusted`);
  const found = `CSRF_TRUSTED_ORIGINS lacks ${origin}`;
  return protocol === 'https:' ? failure('CSRF', `${found}: behind TLS every form is refused, signing in first of all`, REMEDY) : warning('CSRF', found, REMEDY);
}

function cookieFinding(web: Container, { protocol }: URL): Finding {
  const names = ['SESSION_COOKIE_SECURE', 'CSRF_COOKIE_SECURE'];
  const secure = names.filter((name) => /^(true|1|on|yes)$/i.test(variable(web, name) ?? ''));
  if (protocol === 'https:') {
    const missing = names.filter((name) => !secure.includes(name));
    return missing.length === 0 ? ok('cookies', 'secure') : failure('cookies', `${missing.join(' and ')} not set although the address is https: cookies travel in clear text, too`, REMEDY);
  }
  return secure.length === 0 ? ok('cookies', 'plain, as the address is http') : failure('cookies', `${secure.join(' and ')} set although the address is http: nobody stays signed in`, REMEDY);
}
