// The section `https` of settings.yaml: who serves `domain` by TLS, with which certificate, and how much of GlitchTip.
import { isIP } from 'node:net';
import * as z from 'zod';
import { dnsLabel, hostName, objectName, show } from './value-kinds.js';

const MODES = ['none', 'traefik', 'secret', 'cert-manager', 'self-signed', 'tunnel'] as const;
/** How much of GlitchTip. */
const OPEN = ['all', 'no-admin', 'ingest'] as const;
/** Of cert-manager's programs. */
const COUNTED = ['all', 'controller', 'none'] as const;
const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';
/** What Let's Encrypt takes for no address of anybody's (RFC 2606). */
const NOBODY = /@([^@]+\.)?example\.(com|net|org)$/i;
/** On which Traefik listens. */
const PORTS: readonly number[] = [80, 443];

export const https = z.strictObject({
  /** none: nobody, or a proxy of yours. traefik: k3s' own Traefik gets a certificate by ACME. secret: it serves a certificate of yours. cert-manager: it serves one that a cert-manager of yours gets. self-signed: it serves its own, which nobody trusts: for development. tunnel: a Cloudflare Tunnel, without an open port. */
  mode: z.enum(MODES, {
    error: (issue) => `expected none, traefik, secret, cert-manager, self-signed or tunnel, found ${show(issue.input)}`,
  }).default('none'),
  /** Secret (kubernetes.io/tls) whose certificate serves `domain`: with mode secret by Traefik, with none by your proxy. With mode cert-manager it is written there (left out: glitchtip-tls). The operator alerts before it expires. */
  secret: objectName('Secret').optional(),
  /** all: everything. no-admin: everything but /admin and /metrics. ingest: the paths of events alone; people come by port-forward or SSH tunnel. */
  public: z.enum(OPEN, { error: (issue) => `expected all, no-admin or ingest, found ${show(issue.input)}` }).default('all'),
  /**
   * Until this day (UTC) events that come by http, to port 80 of the public name, are taken, counted and told: an SDK whose DSN says http:// does
   * not follow the redirect. From then on they are led to https like everything else. never: from the beginning.
   */
  acceptPlainEvents: z.string({ error: (issue) => expectedDay(issue.input) }).refine(isDayOrNever, { error: (issue) => expectedDay(issue.input) }).default('never'),
  /**
   * Further names at which events are taken, and nothing else: such as the one of an old Sentry, when it is pointed to this host. Each has a
   * certificate of its own, so that one that does not lead here yet keeps none from `domain`; with mode secret that of the Secret has to have them.
   */
  eventNames: z.array(hostName.refine((name) => isIP(name) === 0 && name.includes('.'), { error: (issue) => `expected a name that DNS knows, such as sentry.example.com, found ${show(issue.input)}` })).default([]),
  /** Where Traefik, or the Issuer of cert-manager that the manifests make, gets the certificate (modes traefik and cert-manager). */
  acme: z.strictObject({
    /** Of the account. */
    email: z.email({ error: (issue) => `expected an e-mail address, found ${show(issue.input)}` }).optional(),
    /** Its directory. */
    server: z.url({ protocol: /^https$/, error: (issue) => `expected the https address of an ACME directory, such as ${LETS_ENCRYPT}, found ${show(issue.input)}` }).default(LETS_ENCRYPT),
  }).prefault({}),
  /** A Gateway of yours (Gateway API) that serves `domain`, with mode none: it gets an HTTPRoute to GlitchTip, and one that redirects. */
  gateway: z.strictObject({
    name: objectName('Gateway'),
    /** Where it is, if not in the namespace of GlitchTip; it has to allow routes from there. */
    namespace: dnsLabel.optional(),
    /** Names of its listeners: for https, and for http. */
    secure: objectName('listener').default('https'),
    plain: objectName('listener').default('http'),
  }).optional(),
  /** Of Cloudflare, which serves `domain` (mode tunnel). */
  tunnel: z.strictObject({
    /** Secret with the tunnel's token, as key `token`. You make it. */
    secret: objectName('Secret').default('glitchtip-tunnel'),
  }).prefault({}),
  certManager: z.strictObject({
    /** A ClusterIssuer that is there already, instead of an Issuer with `acme`. */
    clusterIssuer: objectName('ClusterIssuer').optional(),
    /** Which of its programs the memory budget has a line for: all three; the controller, where it runs alone; none, where host.neighbours has them in it. */
    budget: z.enum(COUNTED, { error: (issue) => `expected all, controller or none, found ${show(issue.input)}` }).default('all'),
  }).prefault({}),
}).superRefine((value, context) => {
  for (const { path, message } of ownProblems(value)) context.addIssue({ code: 'custom', path: [...path], message });
}).prefault({});

/** Of an ISO date, that of the calendar: no 30 February. */
function isDayOrNever(text: string): boolean {
  if (text === 'never') return true;
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  return at !== undefined && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

function expectedDay(found: unknown): string {
  return `expected a day such as 2027-03-01, or never, found ${show(found)}`;
}

interface Https {
  readonly mode: (typeof MODES)[number];
  readonly secret?: string | undefined;
  readonly public: (typeof OPEN)[number];
  readonly acceptPlainEvents: string;
  readonly eventNames: readonly string[];
  readonly acme: { readonly email?: string | undefined; readonly server: string };
  readonly certManager: { readonly clusterIssuer?: string | undefined };
  readonly gateway?: { readonly name: string } | undefined;
}

interface Problem {
  readonly path: readonly string[];
  readonly message: string;
}

/** One, or none. */
function at(path: string, isWrong: boolean, message: string): Problem[] {
  return isWrong ? [{ path: path.split('.'), message }] : [];
}

function ownProblems(https: Https): Problem[] {
  const { mode, secret, certManager: { clusterIssuer } } = https;
  return [
    ...at('secret', mode === 'secret' && secret === undefined, 'expected the Secret (kubernetes.io/tls) with the certificate, because https.mode is secret; found nothing'),
    ...at('secret', (mode === 'traefik' || mode === 'self-signed') && secret !== undefined, `expected none with https.mode ${mode}, whose certificate Traefik gets and keeps by itself, or https.mode: secret; found ${show(secret)}`),
    ...at('secret', mode === 'tunnel' && secret !== undefined, `expected none with https.mode tunnel, whose certificate Cloudflare has; found ${show(secret)}`),
    ...at('certManager.clusterIssuer', mode !== 'cert-manager' && clusterIssuer !== undefined, `expected none with https.mode ${mode}, or https.mode: cert-manager; found ${show(clusterIssuer)}`),
    ...routeProblems(https),
    ...accountProblems(https),
  ];
}

/** Who has routes of ours, and so whether we say what is let in. */
function routeProblems({ mode, gateway, public: open, acceptPlainEvents, eventNames }: Https): Problem[] {
  const hasRoutes = (mode !== 'none' && mode !== 'tunnel') || gateway !== undefined;
  const who = mode === 'tunnel' ? 'Cloudflare' : 'your own proxy';
  return [
    ...at('eventNames', !hasRoutes && eventNames.length > 0, `expected none with https.mode ${mode}, with which ${who} decides which names lead here; found ${eventNames.join(', ')}`),
    ...at('eventNames', new Set(eventNames).size < eventNames.length, `expected each name once; found ${eventNames.join(', ')}`),
    ...at('gateway', mode !== 'none' && gateway !== undefined, `expected none with https.mode ${mode}, which has a way of its own, or https.mode: none; found ${show(gateway?.name)}`),
    ...at('public', !hasRoutes && open !== 'all', `expected all with https.mode ${mode}, with which ${who} decides what is public; found ${open}`),
    ...at('public', gateway !== undefined && open === 'no-admin', 'expected all or ingest with https.gateway: its routes have no word for everything but some paths; found no-admin'),
    ...at('acceptPlainEvents', !hasRoutes && acceptPlainEvents !== 'never', `expected never with https.mode ${mode}, with which ${who} decides what is taken; found ${show(acceptPlainEvents)}`),
  ];
}

function accountProblems(https: Https): Problem[] {
  const { mode, acme: { email, server }, certManager: { clusterIssuer } } = https;
  if (!asksByAcme(https)) {
    const why = clusterIssuer === undefined ? `https.mode ${mode}, with which nobody asks for a certificate` : 'https.certManager.clusterIssuer, which has an account of its own';
    return at('acme.email', email !== undefined, `expected none with ${why}; found ${show(email)}`);
  }
  const orAnother = mode === 'cert-manager' ? ', or a ClusterIssuer in https.certManager.clusterIssuer' : '';
  return [
    ...at('acme.email', email === undefined, `expected the e-mail address of an ACME account${orAnother}, because https.mode is ${mode}: it is given to the certificate authority, and with it you agree to its terms; found nothing`),
    ...at('acme.email', server === LETS_ENCRYPT && NOBODY.test(email ?? ''), `expected an e-mail address of yours, because Let's Encrypt refuses those of example.com; found ${show(email)}`),
  ];
}

/** Whether it is by `acme` that somebody here asks for a certificate. */
export function asksByAcme({ mode, certManager }: Pick<Https, 'mode' | 'certManager'>): boolean {
  return mode === 'traefik' || (mode === 'cert-manager' && certManager.clusterIssuer === undefined);
}

/** What `https` needs of the other settings. */
interface Others {
  readonly domain: string;
  readonly https: Https;
  readonly service: { readonly type: string; readonly port?: number | undefined };
  readonly gateway: { readonly enabled: boolean };
  readonly move: { readonly from?: string | undefined };
  readonly network: { readonly clusterRanges: readonly string[]; readonly clients: readonly string[] };
}

/** What of the other settings contradicts `https`. */
export function httpsProblems(others: Others): Problem[] {
  const { domain, https: { mode, gateway } } = others;
  // What is no address was said already.
  if (!URL.canParse(domain)) return [];
  if (mode === 'tunnel') return nameProblems(domain, 'https.mode tunnel');
  if (mode === 'none' && gateway === undefined) return [];
  return [...(mode === 'none' ? gatewayProblems(others) : traefikProblems(others)), ...plainProblems(others), ...eventNameProblems(others)];
}

function plainProblems({ https: { acceptPlainEvents }, gateway: { enabled } }: Others): Problem[] {
  return at('https.acceptPlainEvents', !enabled && acceptPlainEvents !== 'never', `expected never without a gateway, which takes and counts them; found ${show(acceptPlainEvents)}`);
}

function eventNameProblems({ domain, https: { eventNames }, move: { from } }: Others): Problem[] {
  const old = from !== undefined && URL.canParse(from) ? new URL(from).hostname : undefined;
  return [
    ...at('https.eventNames', eventNames.includes(new URL(domain).hostname), `expected names beside that of domain; found ${new URL(domain).hostname}`),
    // What is for the old one would come back here, and go round.
    ...at('https.eventNames', old !== undefined && eventNames.includes(old), `expected none by which the gateway reaches the old server (move.from): give that another name first; found ${old ?? ''}`),
  ];
}

/** Of a Gateway of the Gateway API. */
function gatewayProblems({ domain, network: { clients } }: Others): Problem[] {
  return [
    ...nameProblems(domain, 'https.gateway'),
    ...at('network.clients', clients.length === 0, 'expected the namespace of the pods behind the Gateway of https.gateway: the policies let nobody else to the front door; found none'),
  ];
}

function nameProblems(domain: string, why: string): Problem[] {
  const { protocol, hostname } = new URL(domain);
  const isName = protocol === 'https:' && isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
  return at('domain', !isName, `expected an https address with a name with ${why}, such as https://errors.example.com; found ${show(domain)}`);
}

function traefikProblems({ domain, https: { mode }, service, gateway, network }: Others): Problem[] {
  const { protocol, hostname, port } = new URL(domain);
  const address = addressProblem(mode, { protocol, hostname, port });
  return [
    ...(address === undefined ? [] : [{ path: ['domain'], message: `${address}; found ${show(domain)}` }]),
    ...(service.type === 'LoadBalancer' && service.port !== undefined && PORTS.includes(service.port)
      ? [{ path: ['service', 'port'], message: `expected a port other than ${PORTS.join(' and ')} with https.mode ${mode}, on which Traefik listens; found ${service.port}` }] : []),
    ...(gateway.enabled && network.clusterRanges.length === 0
      ? [{ path: ['network', 'clusterRanges'], message: `expected the network of the cluster's pods with https.mode ${mode}, by which the gateway knows Traefik and believes it that a request came by https; found none` }] : []),
  ];
}

function addressProblem(mode: string, { protocol, hostname, port }: Pick<URL, 'protocol' | 'hostname' | 'port'>): string | undefined {
  if (protocol !== 'https:') return `expected an https address with https.mode ${mode}, such as https://errors.example.com`;
  if (port !== '') return `expected an address without a port with https.mode ${mode}: Traefik listens on 443`;
  // Its own certificate is for no name.
  if (mode === 'self-signed') return hostname.startsWith('[') ? 'expected a name or an IPv4 address with https.mode self-signed' : undefined;
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return `expected a name with https.mode ${mode}: by the name Traefik chooses the certificate`;
  if (mode !== 'secret' && !hostname.includes('.')) return `expected a name that the internet knows with https.mode ${mode}, because the certificate authority looks it up`;
  return undefined;
}
