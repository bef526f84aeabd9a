// NetworkPolicies of HTTPS: who serves the public name reaches the front door, and what that needs beside it.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { SOLVER_LABEL } from '../../operator/api/object-names.js';
import { internet } from '../networks.js';
import { selectorOf } from '../part-names.js';
import { HTTP_PORT } from '../releases.js';
import type { Settings } from '../settings/schema.js';
import { frontPart, topologyOf } from '../topology.js';
import { TRAEFIK, isServedByTraefik } from '../traefik.js';
import { exceptionAnnotations } from './pod-template.js';
import { tcp, udp } from './policy-ports.js';

/** On which cert-manager's pod for a challenge listens. */
const SOLVER_PORT = 8089;
/** On which Cloudflare listens for tunnels. */
const CLOUDFLARE_PORT = 7844;
const TRAEFIK_PODS: k8s.NetworkPolicyPeer = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': TRAEFIK.namespace } },
  podSelector: { matchLabels: TRAEFIK.labels },
};

export class HttpsPolicies extends Construct {
  constructor(scope: Construct, id: string, private readonly settings: Settings) {
    super(scope, id);
    if (isServedByTraefik(settings)) this.allowTraefik();
    if (settings.https.mode === 'cert-manager') this.allowSolver();
    if (topologyOf(settings).tunnel) this.allowTunnelOut();
  }

  /** Its pods alone, and not all of kube-system; the operator looks which certificate they serve, and whether they lead to it. */
  private allowTraefik(): void {
    new k8s.KubeNetworkPolicy(this, 'operator-traefik', {
      metadata: { name: 'operator-to-traefik' },
      spec: {
        podSelector: { matchLabels: selectorOf('operator') },
        policyTypes: ['Egress'],
        egress: [{ to: [TRAEFIK_PODS], ports: [tcp(TRAEFIK.plainPort), tcp(TRAEFIK.securePort)] }],
      },
    });
    new k8s.KubeNetworkPolicy(this, 'traefik', {
      metadata: { name: 'web-from-traefik' },
      spec: {
        podSelector: { matchLabels: selectorOf(frontPart(this.settings)) },
        policyTypes: ['Ingress'],
        ingress: [{ from: [TRAEFIK_PODS], ports: [tcp(HTTP_PORT)] }],
      },
    });
  }

  /** The pod that cert-manager starts for a challenge, which the ACME server asks through Traefik. */
  private allowSolver(): void {
    new k8s.KubeNetworkPolicy(this, 'solver', {
      metadata: { name: 'acme-solver-from-traefik', annotations: exceptionAnnotations([{ check: 'networkpolicy-targets-pod', reason: 'cert-manager makes its pods' }]) },
      spec: {
        podSelector: { matchLabels: { [SOLVER_LABEL]: 'true' } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [TRAEFIK_PODS], ports: [tcp(SOLVER_PORT)] }],
      },
    });
  }

  /** To Cloudflare, whose networks change: by its own port, with QUIC or HTTP/2, and by 443 where it looks up what the tunnel leads to. */
  private allowTunnelOut(): void {
    const to = internet(this.settings.network.clusterRanges).map((ipBlock) => ({ ipBlock }));
    new k8s.KubeNetworkPolicy(this, 'tunnel', {
      metadata: { name: 'tunnel-to-cloudflare' },
      spec: { podSelector: { matchLabels: selectorOf('tunnel') }, policyTypes: ['Egress'], egress: [{ to, ports: [tcp(443), tcp(CLOUDFLARE_PORT), udp(CLOUDFLARE_PORT)] }] },
    });
  }
}
