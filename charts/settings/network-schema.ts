// The section `network` of settings.yaml: who reaches GlitchTip, and what GlitchTip and the operator reach outside of their namespace.
import * as z from 'zod';
import { contains } from '../networks.js';
import { dnsLabel, network as cidr, tcpPort } from './value-kinds.js';

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
}).superRefine(({ workerToPrivate, clusterRanges }, context) => {
  for (const [index, range] of workerToPrivate.entries()) {
    const own = clusterRanges.find((each) => contains(each, range));
    if (own !== undefined) context.addIssue({ code: 'custom', path: ['workerToPrivate', index], message: `expected a network outside of the cluster's own (${own} of clusterRanges), found ${range}` });
  }
}).prefault({});
