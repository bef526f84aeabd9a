// The certificate that a cert-manager of yours gets: what it is asked for, and of whom. It answers challenges by HTTP, through k3s' Traefik.
import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { CERT_MANAGER } from '../../operator/api/object-names.js';
import type { Settings } from '../settings/schema.js';
import { frontPart } from '../topology.js';
import { TRAEFIK, certificateSecret } from '../traefik.js';
import { partMetadata } from './pod-template.js';

const API = 'cert-manager.io/v1';

export class IssuedCertificate extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { domain, https: { acme, certManager: { clusterIssuer } } } = settings;
    const add = (kind: 'Certificate' | 'Issuer', name: string, spec: object) => new ApiObject(this, name, { apiVersion: API, kind, metadata: partMetadata(name, frontPart(settings)), spec });
    if (clusterIssuer === undefined) add('Issuer', CERT_MANAGER.issuer, { acme: issuer(acme) });
    add('Certificate', CERT_MANAGER.certificate, {
      secretName: certificateSecret(settings),
      dnsNames: [new URL(domain).hostname],
      issuerRef: clusterIssuer === undefined ? { kind: 'Issuer', name: CERT_MANAGER.issuer } : { kind: 'ClusterIssuer', name: clusterIssuer },
      // A renewal with the former key would keep one that leaked.
      privateKey: { rotationPolicy: 'Always' },
    });
  }
}

function issuer({ email, server }: Settings['https']['acme']): object {
  return {
    email, server,
    privateKeySecretRef: { name: CERT_MANAGER.accountSecret },
    // Its own default is a NodePort: a port of the host, which the quota refuses for ever.
    solvers: [{ http01: { ingress: { ingressClassName: TRAEFIK.ingressClass, serviceType: 'ClusterIP' } } }],
  };
}
