// The certificate that a cert-manager of yours gets: what it is asked for, and of whom. It answers challenges by HTTP, through k3s' Traefik.
import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { CERT_MANAGER } from '../../operator/api/object-names.js';
import type { Settings } from '../settings/schema.js';
import { frontPart } from '../topology.js';
import { TRAEFIK, certificateSecret, eventNamesSecret } from '../traefik.js';
import { partMetadata } from './pod-template.js';

const API = 'cert-manager.io/v1';

export class IssuedCertificate extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { domain, https: { acme, certManager: { clusterIssuer }, eventNames } } = settings;
    const add = (kind: 'Certificate' | 'Issuer', name: string, spec: object) => new ApiObject(this, name, { apiVersion: API, kind, metadata: partMetadata(name, frontPart(settings)), spec });
    if (clusterIssuer === undefined) add('Issuer', CERT_MANAGER.issuer, { acme: issuer(acme) });
    const certificate = (name: string, secretName: string | undefined, dnsNames: readonly string[]) => add('Certificate', name, {
      secretName, dnsNames,
      issuerRef: clusterIssuer === undefined ? { kind: 'Issuer', name: CERT_MANAGER.issuer } : { kind: 'ClusterIssuer', name: clusterIssuer },
      // A renewal with the former key would keep one that leaked.
      privateKey: { rotationPolicy: 'Always' },
    });
    certificate(CERT_MANAGER.certificate, certificateSecret(settings), [new URL(domain).hostname]);
    if (eventNames.length > 0) certificate(CERT_MANAGER.eventNames, eventNamesSecret(settings), eventNames);
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
