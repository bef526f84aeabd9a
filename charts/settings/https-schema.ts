// The section `https` of settings.yaml: who serves `domain` by TLS, with which certificate, and how much of GlitchTip.
import { isIP } from 'node:net';
import * as z from 'zod';
import { objectName, show } from './value-kinds.js';

const MODES = ['none', 'traefik', 'secret'] as const;
const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';
/** What Let's Encrypt takes for no address of anybody's (RFC 2606). */
const NOBODY = /@([^@]+\.)?example\.(com|net|org)$/i;
/** On which Traefik listens. */
const PORTS: readonly number[] = [80, 443];

export const https = z.strictObject({
  /** none: nobody, or a proxy of yours. traefik: k3s' own Traefik gets a certificate by ACME. secret: it serves a certificate of yours. */
  mode: z.enum(MODES, {
    error: (issue) => `expected none, traefik or secret (cert-manager, a tunnel and self-signed certificates are not there yet), found ${show(issue.input)}`,
  }).default('none'),
  /** Secret (kubernetes.io/tls) whose certificate serves `domain`: with mode secret by Traefik, with none by your proxy. The operator alerts before it expires. */
  secret: objectName('Secret').optional(),
  /** all: everything. ingest: the paths of events alone; people come by port-forward or SSH tunnel. */
  public: z.enum(['all', 'ingest'], { error: (issue) => `expected all or ingest, found ${show(issue.input)}` }).default('all'),
  /** Where Traefik gets its certificate (mode traefik). */
  acme: z.strictObject({
    /** Of the account. */
    email: z.email({ error: (issue) => `expected an e-mail address, found ${show(issue.input)}` }).optional(),
    /** Its directory. */
    server: z.url({ protocol: /^https$/, error: (issue) => `expected the https address of an ACME directory, such as ${LETS_ENCRYPT}, found ${show(issue.input)}` }).default(LETS_ENCRYPT),
  }).prefault({}),
}).superRefine((value, context) => {
  for (const { path, message } of ownProblems(value)) context.addIssue({ code: 'custom', path: [...path], message });
}).prefault({});

interface Https {
  readonly mode: (typeof MODES)[number];
  readonly secret?: string | undefined;
  readonly public: 'all' | 'ingest';
  readonly acme: { readonly email?: string | undefined; readonly server: string };
}

interface Problem {
  readonly path: readonly string[];
  readonly message: string;
}

function ownProblems({ mode, secret, public: open, acme: { email, server } }: Https): Problem[] {
  const at = (path: string, isWrong: boolean, message: string): Problem[] => (isWrong ? [{ path: path.split('.'), message }] : []);
  return [
    ...at('secret', mode === 'secret' && secret === undefined, 'expected the Secret (kubernetes.io/tls) with the certificate, because https.mode is secret; found nothing'),
    ...at('secret', mode === 'traefik' && secret !== undefined, `expected none with https.mode traefik, whose certificate Traefik gets and keeps by itself, or https.mode: secret; found ${show(secret)}`),
    ...at('public', mode === 'none' && open === 'ingest', 'expected all with https.mode none, with which your own proxy decides what is public; found ingest'),
    ...at('acme.email', mode === 'traefik' && email === undefined, "expected the e-mail address of an ACME account, because https.mode is traefik: it is given to the certificate authority, and with it you agree to its terms; found nothing"),
    ...at('acme.email', mode !== 'traefik' && email !== undefined, `expected none with https.mode ${mode}, with which nobody asks for a certificate; found ${show(email)}`),
    ...at('acme.email', mode === 'traefik' && server === LETS_ENCRYPT && NOBODY.test(email ?? ''), `expected an e-mail address of yours, because Let's Encrypt refuses those of example.com; found ${show(email)}`),
  ];
}

/** What `https` needs of the other settings. */
interface Others {
  readonly domain: string;
  readonly https: Https;
  readonly service: { readonly type: string; readonly port?: number | undefined };
  readonly gateway: { readonly enabled: boolean };
  readonly network: { readonly clusterRanges: readonly string[] };
}

/** What of the other settings contradicts `https`. */
export function httpsProblems({ domain, https: { mode }, service, gateway, network }: Others): Problem[] {
  // What is no address was said already.
  if (mode === 'none' || !URL.canParse(domain)) return [];
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
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return `expected a name with https.mode ${mode}: by the name Traefik chooses the certificate`;
  if (mode === 'traefik' && !hostname.includes('.')) return 'expected a name that the internet knows with https.mode traefik, because the certificate authority looks it up';
  return undefined;
}
