// doctor: why Traefik gets no certificate by ACME. The operator may not read its log, in a namespace that is not its own; who runs doctor may.
import { HEALTH_REASONS } from '../../operator/api/health-reasons.js';
import { visible } from '../safe-text.js';
import { failure, ok, onSight, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import { lastTry } from './traefik-log.js';

const REMEDY = 'docs/runbooks/certificate-not-issued.md has the reasons one by one, and how Traefik tries again';
/** Of the certificate that is served: then whoever asks is refused, or soon will be. */
const SERVED_WRONG: readonly string[] = [HEALTH_REASONS.CertificateNotServed, HEALTH_REASONS.CertificateExpiring, HEALTH_REASONS.CertificateExpired];
/** Of a reason, which may quote a page of whoever answered. Characters. */
const LONGEST = 400;

/** Nothing where Traefik does not ask. */
export function checkAcme({ traefikLog, resource }: Facts): readonly Finding[] {
  if (traefikLog === undefined) return [];
  return onSight('ACME', traefikLog, ({ name, log }) => {
    const last = lastTry(log, name);
    if (last === undefined) return ok('ACME', `Traefik's log has no try for ${name}`);
    const at = last.at.toISOString().replace('.000', '');
    if (last.kind === 'got') return ok('ACME', `Traefik got a certificate for ${name} at ${at}`);
    const isUrgent = resource.seen && resource.value?.status.health?.incidents?.some(({ reason }) => SERVED_WRONG.includes(reason)) === true;
    return (isUrgent ? failure : warning)('ACME', `Traefik got no certificate for ${name} at ${at}: ${visible(last.reason).slice(0, LONGEST)}`, REMEDY);
  });
}
