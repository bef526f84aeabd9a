// A Gateway as a person has it before ours: the kinds of the Gateway API, and one of Traefik's with a certificate, in Traefik's own namespace.
import { TRAEFIK } from '../../../charts/traefik.js';
import { buildProgress, ensureGatewayApi, type ClusterHandle } from '../../../embedded/index.js';
import { printFigure } from './fault-report.js';

export const PUBLIC_GATEWAY = { name: 'public', namespace: TRAEFIK.namespace, secure: 'https', plain: 'http' } as const;
const CERTIFICATE = 'public-tls';

export async function installPublicGateway(cluster: ClusterHandle, { certificate, key }: { readonly certificate: string; readonly key: string }): Promise<void> {
  await cluster.kubectl(['apply', '--server-side', '-f', await ensureGatewayApi(buildProgress(printFigure, Date.now))]);
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd/gateways.gateway.networking.k8s.io', 'crd/httproutes.gateway.networking.k8s.io']);
  const { name, namespace, secure, plain } = PUBLIC_GATEWAY;
  const allowedRoutes = { namespaces: { from: 'All' } };
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [
    { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name: CERTIFICATE, namespace }, stringData: { 'tls.crt': certificate, 'tls.key': key } },
    { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', metadata: { name: 'traefik' }, spec: { controllerName: 'traefik.io/gateway-controller' } },
    {
      apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { name, namespace },
      spec: {
        gatewayClassName: 'traefik',
        // Traefik knows its entry points by their ports.
        listeners: [
          { name: plain, port: 8_000, protocol: 'HTTP', allowedRoutes },
          { name: secure, port: TRAEFIK.securePort, protocol: 'HTTPS', allowedRoutes, tls: { mode: 'Terminate', certificateRefs: [{ name: CERTIFICATE }] } },
        ],
      },
    },
  ] }));
}
