// Ports as a NetworkPolicy writes them.
import { IntOrString, type NetworkPolicyPort } from 'cdk8s-plus-27/lib/imports/k8s.js';

export function tcp(port: number): NetworkPolicyPort {
  return { protocol: 'TCP', port: IntOrString.fromNumber(port) };
}

export function udp(port: number): NetworkPolicyPort {
  return { protocol: 'UDP', port: IntOrString.fromNumber(port) };
}
