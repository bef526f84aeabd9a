// doctor --outside: whether whoever is outside reaches the public name, by https alone, with a certificate that is for it.
import { endsSoon } from '../../operator/core/health/https-rules.js';
import { canonicalNetwork, contains } from '../../charts/networks.js';
import { failure, ok, onSight, oneOrEach, warning, type Finding, type Seen } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import type { OutsideLook, PlainAnswer, SecureAnswer } from './outside-look.js';

const RUNBOOK = 'docs/runbooks/certificate-not-issued.md';
/** Addresses that nobody outside reaches: private and shared networks, this machine, link-local. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', 'fc00::/7', 'fe80::/10', '::1/128'];

/** The public name, by which `--outside` was asked to look; and what it saw, unless the address is plain http. */
export interface Outside {
  readonly domain: string;
  readonly look?: OutsideLook;
}

/** Nothing where nobody asked. */
export function checkOutside(facts: Facts): readonly Finding[] {
  const { outside, resource, now } = facts;
  if (outside === undefined) return [];
  const isSelfSigned = resource.seen && resource.value?.spec.https?.selfSigned === true;
  return onSight('outside', outside, ({ domain, look }) => {
    if (look === undefined) return warning('outside', `${domain} is no https address: there is nothing to look at`, 'docs/https.md has the ways to https');
    const { addresses, plain, secure } = look;
    if (!addresses.seen) return failure('DNS', `${domain}: no address (${addresses.why})`, `make an A record of it that leads to this host; ${RUNBOOK}`);
    return [...nameFindings(domain, addresses.value, facts), ...plainFindings(domain, plain), ...secureFindings({ domain, isSelfSigned, now }, secure)];
  });
}

function nameFindings(domain: string, addresses: readonly string[], facts: Facts): readonly Finding[] {
  const own = nodeAddresses(facts);
  const strangers = strangersAmong(addresses.filter(isPublic), own);
  // In the cloud and behind NAT a node often has a private address alone: then nobody here knows what the right one is.
  const unknown = isServedHere(facts) && own.length === 0 ? '; whether that leads here is not known, for no public address of a node is known' : '';
  return oneOrEach(ok('DNS', `${domain} is ${addresses.join(', ')}${unknown}`), [
    ...addresses.filter((address) => !isPublic(address)).map((address) => warning('DNS', `${domain} is ${address}, which the internet does not reach`, 'right in a network of your own; a public certificate authority and SDKs outside need a public address')),
    ...(strangers.length === 0 ? [] : [warning(
      'DNS', `${domain} is ${strangers.join(', ')}: no address of this cluster's nodes (${own.join(', ')})`,
      `right if something in front (NAT, a load balancer, a proxy) leads here; else correct the A record, and correct or take out the AAAA record, which is tried first: ${RUNBOOK}`,
    )]),
  ]);
}

function isPublic(address: string): boolean {
  return !PRIVATE.some((network) => network.includes(':') === address.includes(':') && contains(network, address));
}

/** By Traefik, on the nodes. A tunnel's name leads to Cloudflare, and that of a proxy of somebody's own wherever they say. */
function isServedHere({ resource }: Facts): boolean {
  return resource.seen && resource.value?.spec.https !== undefined;
}

/** The public ones, to which the name has to lead; none where it leads elsewhere on purpose. */
function nodeAddresses(facts: Facts): readonly string[] {
  if (!isServedHere(facts) || !facts.nodes.seen) return [];
  const all = facts.nodes.value.flatMap(({ status }) => status.addresses.filter(({ type }) => /^(Internal|External)IP$/.test(type)).map(({ address }) => address));
  return [...new Set(all)].filter(isPublic);
}

/** Kubernetes is often told of a host's IPv4 address alone: beside one that is right, an IPv6 address is held against IPv6 addresses only. */
function strangersAmong(addresses: readonly string[], own: readonly string[]): readonly string[] {
  if (own.length === 0) return [];
  const known = new Set(own.map(canonicalNetwork));
  const strangers = addresses.filter((address) => !known.has(canonicalNetwork(address)));
  return strangers.length === addresses.length ? strangers : strangers.filter((address) => own.some((each) => each.includes(':') === address.includes(':')));
}

function plainFindings(domain: string, plain: Seen<PlainAnswer>): readonly Finding[] {
  if (!plain.seen) return [warning('port 80', `${domain}: no answer (${plain.why})`, `open it where Traefik or cert-manager gets the certificate: the authority asks there, also at each renewal; ${RUNBOOK}`)];
  const { status, location } = plain.value;
  const isRedirect = [301, 302, 307, 308].includes(status) && location?.startsWith('https://') === true;
  return [isRedirect ? ok('redirect', `${status} to ${location}`) : failure('redirect', `http://${domain} answers ${status}${location === undefined ? '' : ` and leads to ${location}`}: passwords and DSNs travel in clear text`, 'npm run synth && kubectl apply -f dist/ has the redirect with https.mode traefik, secret or cert-manager; a proxy of yours needs its own')];
}

/** What is to be found there, and when. */
interface Expected {
  readonly domain: string;
  readonly isSelfSigned: boolean;
  readonly now: Date;
}

function secureFindings(expected: Expected, secure: Seen<SecureAnswer>): readonly Finding[] {
  const { domain, isSelfSigned } = expected;
  if (!secure.seen) return [failure('port 443', `${domain}: no answer (${secure.why})`, 'is it open in the firewall, and does Traefik run: kubectl -n kube-system get pods,services -l app.kubernetes.io/name=traefik')];
  return [certificateFinding(expected, secure.value), ...(isSelfSigned ? [] : [hstsFinding(domain, secure.value)])];
}

function certificateFinding({ domain, isSelfSigned, now }: Expected, { subject, issuer, isForName, distrust, startsAt, endsAt }: SecureAnswer): Finding {
  if (isSelfSigned) return warning('certificate', `${domain} shows Traefik's own, as https.mode self-signed says: SDKs and browsers refuse it`, 'another https.mode, for all but development (docs/https.md)');
  if (!isForName) return failure('certificate', `${domain} shows one that is not for it (${subject})`, RUNBOOK);
  const until = endsAt.toISOString().slice(0, 10);
  if (endsAt <= now) return failure('certificate', `ended on ${until}`, RUNBOOK);
  if (distrust !== undefined) return failure('certificate', `this machine does not trust it (${distrust}; signed by ${issuer})`, 'an authority of your own has to be known to every SDK and browser; of a public one the chain is missing in the Secret');
  if (endsSoon({ startsAt, endsAt }, now)) return warning('certificate', `ends on ${until}`, `it should have been renewed by now: ${RUNBOOK}`);
  return ok('certificate', `until ${until}, signed by ${issuer}`);
}

function hstsFinding(domain: string, { hsts }: SecureAnswer): Finding {
  const seconds = Number(/max-age=(\d+)/.exec(hsts ?? '')?.[1] ?? 0);
  return seconds > 0 ? ok('HSTS', hsts ?? '') : warning('HSTS', `${domain} sends none: a browser's first request may go out in clear text`, 'npm run synth && kubectl apply -f dist/ has it with https.mode traefik, secret or cert-manager; with a proxy of yours X-Forwarded-Proto must say https');
}
