// The section `network` of settings.yaml: who reaches GlitchTip, and what GlitchTip and the operator reach outside of their namespace.
import * as z from 'zod';
import { contains } from '../networks.js';
import { dnsLabel, network as cidr, objectName, show, tcpPort } from './value-kinds.js';

/** What has to be between, and no more: a password would be in the manifests. */
function isProxy(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, pathname, search, hash } = new URL(text);
  return protocol === 'http:' && username === '' && password === '' && pathname === '/' && search === '' && hash === '';
}

/** A message may be kept; a password is not shown in it. */
function showProxy(found: unknown): string {
  return typeof found === 'string' && found.includes('@') ? 'one with a user' : show(found);
}

const proxy = z.strictObject({
  /** Through which everything goes that is on the internet: alerts, webhooks, uptime monitors, copies to a bucket. */
  url: z.string().refine(isProxy, { error: (issue) => `expected http://host:port, without a user, a password and a path, found ${showProxy(issue.input)}` }).optional(),
  /** Where it is, as networks: pods are let out to its port there. */
  networks: z.array(cidr).default([]),
  /** Names (.example.com: those below it, too) and addresses that are reached without it, beside the cluster's own. */
  noProxy: z.array(z.string().regex(/^[^\s,$]+$/, { error: (issue) => `expected a name or an address, found ${show(issue.input)}` })).default([]),
}).superRefine(({ url, networks }, context) => {
  if (url !== undefined && networks.length === 0) context.addIssue({ code: 'custom', path: ['networks'], message: 'expected where the proxy is, such as [10.0.0.5], found none: no pod would be let out to it' });
  if (url === undefined && networks.length > 0) context.addIssue({ code: 'custom', path: ['url'], message: 'expected the address of the proxy in those networks, found none' });
}).prefault({});

export const network = z.strictObject({
  /** Namespaces whose pods may send events to web:8080, such as that of an ingress controller or of an application. */
  clients: z.array(dnsLabel).default([]),
  /** Uptime monitors, e-mail and webhooks need the way out; false closes it. Private networks and the cluster's own are no part of the internet. */
  workerToInternet: z.boolean().default(true),
  /** Private networks, or addresses in them, that the worker may reach all the same: a mail relay, or what an uptime monitor watches. */
  workerToPrivate: z.array(cidr).default([]),
  /** The networks of the cluster's pods and Services (k3s: these), which the worker never reaches by address; and the addresses of nodes, where they are public. */
  clusterRanges: z.array(cidr).default(['10.42.0.0/16', '10.43.0.0/16']),
  /** Networks in which DNS servers are asked beside the pods of kube-dns: of NodeLocal DNSCache 169.254.20.10. */
  dnsServers: z.array(cidr).default([]),
  /** Where the API server listens. */
  apiServer: z.strictObject({
    /** Its addresses, or their networks: those of `kubectl get endpointslices kubernetes`, and the Service's. Empty: anywhere, because they differ from host to host. */
    addresses: z.array(cidr).default([]),
    ports: z.array(tcpPort).min(1, 'expected a TCP port at least, found none').default([443, 6443]),
  }).prefault({}),
  proxy,
  /** ConfigMap whose key ca.crt has certificates (PEM) of authorities that are trusted beside the usual ones: of a proxy that opens TLS, of a bucket, a mail relay or a webhook of one's own. */
  certificateAuthorities: objectName('ConfigMap').optional(),
}).superRefine(({ workerToPrivate, clusterRanges }, context) => {
  for (const [index, range] of workerToPrivate.entries()) {
    const own = clusterRanges.find((each) => contains(each, range));
    if (own !== undefined) context.addIssue({ code: 'custom', path: ['workerToPrivate', index], message: `expected a network outside of the cluster's own (${own} of clusterRanges), found ${range}` });
  }
}).prefault({});
