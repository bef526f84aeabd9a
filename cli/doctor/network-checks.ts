// doctor: whether network.clusterRanges of the settings are the networks of this very cluster.
import { canonicalNetwork, contains, reaches, type IpBlock } from '../../charts/networks.js';
import { failure, ok, oneOrEach, warning, type Finding } from './check-result.js';
import { mainContainer } from './address-checks.js';
import type { Facts } from './gathered-facts.js';
import { variable, type NetworkPolicy } from './kubernetes-objects.js';

/** Policies that let our pods out of the cluster, less its own networks (charts/parts/network-policies.ts). */
const WAYS_OUT = /-to-(internet|private|bucket|mail|cloudflare)$/;
const CHECK = 'cluster networks';

/** Something of the cluster that has an address, or a network. */
interface Known {
  readonly what: string;
  readonly network: string;
}

export function checkNetworks(facts: Facts): readonly Finding[] {
  const { policies, nodes, pods } = facts;
  if (!policies.seen) return [{ check: CHECK, level: 'not seen', found: policies.why }];
  // Without either there is nothing to compare with.
  if (!nodes.seen && !pods.seen) return [{ check: CHECK, level: 'not seen', found: pods.why }];
  const known = [...podNetworks(facts), ...serviceAddresses(facts)];
  const [unbelieved, open] = [strangers(facts), known.flatMap((one) => openedBy(policies.value, one))];
  const remedy = `set network.clusterRanges in settings.yaml to the networks of this cluster's pods and Services, then npm run synth && kubectl apply -f dist/`;
  return oneOrEach(ok(CHECK, 'network.clusterRanges has what is known of them'), [
    ...unbelieved.slice(0, 1).map(({ what, network }) => failure(CHECK, `the gateway believes no proxy of ${network} (${what}), where Traefik's pod is: GlitchTip takes https for http, and Traefik for every client`, remedy)),
    ...nodesOpened(facts, policies.value),
    ...open.slice(0, 1).map(({ what, network, policy }) => warning(CHECK, `NetworkPolicy ${policy} lets out to ${network} (${what}), which is the cluster's own`, remedy)),
  ]);
}

/** The nodes say it, where this cluster gives each a part of its network; else the pods' own addresses do. */
function podNetworks({ nodes, pods }: Facts): readonly Known[] {
  const parts = nodes.seen ? nodes.value.flatMap(({ metadata, spec }) => spec.podCIDRs.map((network) => ({ what: `pods of node ${metadata.name}`, network }))) : [];
  const own = pods.seen ? pods.value.filter(({ spec }) => !spec.hostNetwork) : [];
  return [...parts, ...own.flatMap(({ metadata, status: { podIPs } }) => podIPs.map(({ ip }) => ({ what: `pod ${metadata.name}`, network: ip })))];
}

function serviceAddresses({ services }: Facts): readonly Known[] {
  const all = services.seen ? services.value : [];
  return all.flatMap(({ metadata, spec }) => spec.clusterIPs.filter((ip) => ip !== 'None').map((ip) => ({ what: `Service ${metadata.name}`, network: ip })));
}

/**
 * A node with a public address is reached as the internet is, with its API server, kubelet and ssh. Where a setting leads out to one on
 * purpose, as to a bucket on the host, nothing is said.
 */
function nodesOpened({ nodes }: Facts, policies: readonly NetworkPolicy[]): readonly Finding[] {
  const addresses = nodes.seen ? nodes.value.flatMap(({ metadata, status }) => status.addresses.filter(({ type }) => /^(Internal|External)IP$/.test(type)).map(({ address }) => ({ what: `node ${metadata.name}`, network: address }))) : [];
  const toInternet = policies.filter(({ metadata }) => metadata.name.endsWith('-to-internet'));
  const open = addresses.flatMap((one) => openedBy(toInternet, one).slice(0, 1));
  return open.slice(0, 1).map(({ what, network, policy }) => warning(
    CHECK, `NetworkPolicy ${policy} lets out to ${network} (${what}): whatever the worker is made to call reaches it, as the internet`,
    `add ${[...new Set(open.map((each) => canonicalNetwork(each.network)))].join(', ')} to network.clusterRanges in settings.yaml, then npm run synth && kubectl apply -f dist/`,
  ));
}

/** Networks of pods that the gateway does not believe, where it has to believe Traefik. */
function strangers(facts: Facts): readonly Known[] {
  const { resource, workloads } = facts;
  const gateway = workloads.seen ? mainContainer(workloads.value, 'gateway') : undefined;
  if (gateway === undefined || !resource.seen || resource.value?.spec.https === undefined) return [];
  const believed = (variable(gateway, 'TRUSTED_PROXIES') ?? '').split(',').filter((network) => network !== '');
  return podNetworks(facts).filter(({ network }) => !believed.some((each) => contains(each, network)));
}

/** A network is one address of it here: policies have it whole, or not at all. */
function openedBy(policies: readonly NetworkPolicy[], { what, network }: Known): readonly (Known & { readonly policy: string })[] {
  const [address = network] = network.split('/');
  return policies.filter(({ metadata }) => WAYS_OUT.test(metadata.name))
    .filter(({ spec }) => reaches(spec.egress.flatMap(({ to }) => to).flatMap(({ ipBlock }): readonly IpBlock[] => (ipBlock === undefined ? [] : [ipBlock])), address))
    .map(({ metadata }) => ({ what, network, policy: metadata.name }));
}
