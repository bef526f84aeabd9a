/** Configuration of name resolution inside the cluster. */
import { join } from 'node:path';
import type { Layout } from './layout.js';

/** Cluster names from the API server; every other name does not exist, at once, because pods have no way out. */
export function buildCorefile({ settings: { paths, resource }, network }: Layout): string {
  return `cluster.local:53 in-addr.arpa:53 {
  bind ${network.nodeAddress}
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${join(paths.kubeconfigs, 'coredns.yaml')} ${resource}
    ttl 5
  }
}
.:53 {
  bind ${network.nodeAddress}
  template ANY ANY . {
    rcode NXDOMAIN
  }
}
`;
}

/** For pods with dnsPolicy Default. */
export function buildResolvConf({ network }: Layout): string {
  return `nameserver ${network.nodeAddress}\n`;
}
