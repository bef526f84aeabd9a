// doctor: every way in that does not go through kubectl, and whether it was meant.
import { ingestAddress } from '../../operator/api/glitchtip-resource.js';
import { SOLVER_LABEL } from '../../operator/api/object-names.js';
import { ok, failure, onSight, oneOrEach, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import { mainContainer } from './address-checks.js';
import { variable, type Ingress, type RunningPod, type Service } from './kubernetes-objects.js';

export function checkExposure({ services, pods, ingresses, resource }: Facts): readonly Finding[] {
  const served = resource.seen ? resource.value?.spec.https?.name : undefined;
  const web = resource.seen ? resource.value && ingestAddress(resource.value.spec).host.split('.')[0] : 'web';
  return [
    ...onSight('services', services, (all) => oneOrEach(ok('services', 'none is open to the outside'), all.flatMap((one) => openService(one, web)))),
    ...onSight('host ports', pods, (all) => oneOrEach(ok('host ports', 'no pod is on the network of the host'), all.flatMap(openPod))),
    ...onSight('ingress', ingresses, (all) => {
      const lasting = all.filter((one) => !answersChallenge(one));
      return oneOrEach(ok('ingress', ingressText(lasting, served)), lasting.flatMap(openIngress));
    }),
  ];
}

/** What comes by http to the public name, beside the redirect; nothing where none is taken. */
export function checkPlainEvents({ workloads, now }: Facts): readonly Finding[] {
  const gateway = workloads.seen ? mainContainer(workloads.value, 'gateway') : undefined;
  const until = gateway && variable(gateway, 'PLAIN_EVENTS_UNTIL');
  if (until === undefined) return [];
  const day = until.slice(0, 10);
  return [new Date(until) <= now
    ? warning('plain events', `none is taken by http since ${day}`, 'take https.acceptPlainEvents out of settings.yaml: the redirect does the same without the gateway')
    : ok('plain events', `taken by http until ${day}; glitchkeeper spool shows which projects still send so`)];
}

/** cert-manager's own, for a minute: the ACME server asks in clear. */
function answersChallenge({ metadata: { labels } }: Ingress): boolean {
  return labels[SOLVER_LABEL] === 'true';
}

/** @param served public name that k3s' Traefik serves */
function ingressText({ length }: readonly Ingress[], served: string | undefined): string {
  if (length > 0) return `${length}, with TLS`;
  return served === undefined ? 'none' : `none; Traefik has routes of its own for ${served}`;
}

/** Web may be meant to be public; nothing else is. */
function openService({ metadata: { name }, spec: { type, externalIPs } }: Service, web: string | undefined): readonly Finding[] {
  const opened = [...(type === 'NodePort' || type === 'LoadBalancer' ? [`is a ${type}`] : []), ...(externalIPs.length > 0 ? [`has the addresses ${externalIPs.join(', ')}`] : [])];
  return opened.map((how) => name === web
    ? warning('services', `${name} ${how}: everybody who reaches the host reaches it, in clear text`, 'service.type: ClusterIP in settings.yaml and https (docs/https.md); or firewall the port')
    : failure('services', `${name} ${how}`, `kubectl patch service ${name} --type merge --patch '{"spec":{"type":"ClusterIP","externalIPs":null}}', and find out who opened it`));
}

function openPod({ metadata: { name }, spec }: RunningPod): readonly Finding[] {
  const hostPorts = [...spec.containers, ...spec.initContainers].flatMap(({ ports }) => ports).flatMap(({ hostPort }) => hostPort ?? []);
  const ways = [
    ...(spec.hostNetwork ? ['is on the network of the host'] : []),
    ...(spec.hostPID ? ['sees the processes of the host'] : []),
    ...(hostPorts.length > 0 ? [`binds ${hostPorts.join(', ')} on the host`] : []),
  ];
  return ways.map((how) => failure('host ports', `${name} ${how}`, 'nothing of glitchkeeper needs it: remove hostNetwork, hostPID and hostPort from its workload'));
}

function openIngress({ metadata: { name }, spec: { tls, rules } }: Ingress): readonly Finding[] {
  const covered = tls.flatMap(({ hosts }) => hosts);
  const bare = rules.map(({ host }) => host ?? '*').filter((host) => !covered.some((one) => covers(one, host)));
  // Without hosts a TLS entry is for all of them.
  if (tls.some(({ hosts }) => hosts.length === 0) || (tls.length > 0 && bare.length === 0)) return [];
  return [failure('ingress', `${name} serves ${bare.length === 0 ? 'everything' : bare.join(', ')} without TLS`, 'give it spec.tls with a certificate (cert-manager makes one): passwords and DSNs travel in clear text')];
}

function covers(certificate: string, host: string): boolean {
  if (certificate === host) return true;
  return certificate.startsWith('*.') && host.split('.').slice(1).join('.') === certificate.slice(2);
}
