// Rules about HTTPS: nobody serves the public name, who comes in clear is not led to it, the gateway does not believe who serves it, SDKs still say
// http, another certificate is served, the certificate ends.
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import type { CertificateFacts, Validity } from './health-facts.js';
import { duration, finding, secondsSince, type CheckInput, type Finding, type Rule } from './rule-finding.js';

const R = HEALTH_REASONS;
const DAY = 86_400;
/** Before its end, of a certificate that lives long: cert-manager and Traefik renew one of 90 days a month before. Seconds. */
const WARNING = 14 * DAY;
const CRITICAL = 3 * DAY;
/** An order takes half a minute when all is well; SDKs may be refused meanwhile. Seconds. */
const ISSUED_WITHIN = 120;
/** Projects in a message. */
const MOST_NAMED = 10;
/** An SDK that has sent nothing by http for so long has moved, or has nothing to say. */
const STILL = DAY;
/** Of the life of a shorter one, which is renewed at a third of it. */
const WARNING_SHARE = 1 / 5;
const CRITICAL_SHARE = 1 / 20;
/**
 * Before its end Traefik renews a certificate, at the first of its daily looks (3.7, pkg/provider/acme/provider.go: with its own
 * `certificatesduration`, that of 90 days); one that lives shorter at every look. Seconds.
 */
const TRAEFIK_RENEWS = 30 * DAY;
/** Of looks that came to nothing, as while the authority is away, before a person is asked. Seconds. */
const LOOKS = 5 * DAY;
const TRAEFIK_LOG = 'kubectl -n kube-system logs deployment/traefik says why (look for acme)';

export const httpsRules: readonly Rule[] = [httpsDown, notRedirected, withoutHsts, proxyNotTrusted, plainEvents, notIssued, certificateOfSecret, certificateServed];

function httpsDown({ facts: { served }, spec: { https } }: CheckInput): readonly Finding[] {
  if (served.kind !== 'silent') return [];
  return [finding(R.HttpsDown, 'https', 'critical', {
    message: `Nobody serves ${https?.name ?? 'the public name'} by https: ${served.address} does not answer (${served.code}). SDKs and people outside reach nothing.`,
    advice: 'kubectl -n kube-system get pods,services -l app.kubernetes.io/name=traefik; where there are none, the host files of docs/https.md are not installed.',
    symptom: 'https does not answer',
  })];
}

/** Traefik's route for it may be deleted, or another one be before it. */
function notRedirected({ facts: { served } }: CheckInput): readonly Finding[] {
  if (served.kind !== 'seen' || served.plain === undefined) return [];
  const { name, plain: { status, location } } = served;
  if (status >= 300 && status < 400 && location?.startsWith(`https://${name}`) === true) return [];
  return [finding(R.HttpNotRedirected, 'https', 'warning', {
    message: `http://${name}/ answers ${status}${location === undefined ? '' : ` and leads to ${location}`}, and not to https: passwords and DSNs travel in clear.`,
    advice: `kubectl apply -f dist/ brings the route back; kubectl get ingressroutes.traefik.io,ingresses --all-namespaces shows what else takes ${name}.`,
    symptom: 'who comes by http is not led to https',
  })];
}

function withoutHsts({ facts: { served }, spec: { https } }: CheckInput): readonly Finding[] {
  if (served.kind !== 'seen' || served.hasHsts !== false || https?.selfSigned === true) return [];
  return [finding(R.HstsMissing, 'https', 'warning', {
    message: `https://${served.name}/ answers without Strict-Transport-Security: a browser's next visit may begin in clear.`,
    advice: 'kubectl apply -f dist/ brings back the middleware hsts, and the route that names it.',
    symptom: 'browsers are not told to come by https',
  })];
}

/** By its count, for the operator sees no pods of other namespaces: the first request that comes by https shows it. */
function proxyNotTrusted({ facts: { gateway }, spec: { https, tunnel } }: CheckInput): readonly Finding[] {
  if ((https === undefined && tunnel === undefined) || gateway.kind !== 'seen' || gateway.value.disbelieved === undefined) return [];
  const { address, requests } = gateway.value.disbelieved;
  return [finding(R.ProxyNotTrusted, 'gateway', 'warning', {
    message: `${requests} ${requests === 1 ? 'request' : 'requests'} came by https through ${address}, which the gateway does not believe: GlitchTip takes them for http, and of all clients that address for theirs.`,
    advice: `network.clusterRanges in settings.yaml must have the network of this cluster's pods (glitchkeeper doctor compares them), and gateway.trustedProxies that of a proxy of yours; then npm run synth && kubectl apply -f dist/.`,
    symptom: 'the gateway does not believe who serves https',
  })];
}

/** Whether they are lost already or not: who sends them has to be moved, which takes people days. */
function plainEvents({ facts: { gateway }, now }: CheckInput): readonly Finding[] {
  if (gateway.kind !== 'seen' || gateway.value.plain === undefined) return [];
  const { until, projects } = gateway.value.plain;
  const still = projects.filter(({ lastAt }) => secondsSince(lastAt, now) < STILL);
  const shown = still.slice(0, MOST_NAMED).map(({ project, requests, lastAt }) => `${project} (${requests} ${requests === 1 ? 'request' : 'requests'}, the last ${duration(secondsSince(lastAt, now))} ago)`);
  const day = until.toISOString().slice(0, 10);
  const fate = now < until ? `are taken until ${day} (https.acceptPlainEvents), and lost from then on` : `are led to https since ${day}, where few SDKs follow: they are lost without a word`;
  if (still.length === 0) return [];
  return [finding(R.PlainEvents, 'https', 'warning', {
    message: `${still.length === 1 ? 'A project still sends' : `${still.length} projects still send`} events by http: ${shown.join(', ')}${still.length > MOST_NAMED ? ', and more' : ''}. They ${fate}.`,
    advice: 'Change http:// into https:// in the DSN of each; docs/runbooks/http-to-https.md, and glitchkeeper spool shows who has moved.',
    symptom: 'SDKs still send by http',
  })];
}

/** Before its time it explains why there is no certificate, and is not reported itself. */
function notIssued({ facts: { issuance, certificate }, spec: { https }, now }: CheckInput): readonly Finding[] {
  if (issuance.kind !== 'under way' && issuance.kind !== 'failed') return [];
  const isGood = certificate.kind === 'seen' && secondsLeft(certificate, now) > 0;
  const age = issuance.kind === 'under way' ? secondsSince(issuance.since, now) : undefined;
  const what = age === undefined ? 'could not get' : `has not got for ${duration(age)}`;
  return [finding(R.CertificateNotIssued, 'certificate', isGood ? 'warning' : 'critical', {
    message: `cert-manager ${what} a certificate for ${https?.name ?? 'the public name'}: ${issuance.reason.replace(/[.\s]+$/, '')}.`,
    advice: 'docs/runbooks/certificate-not-issued.md has the reasons one by one, and how it tries again at once; glitchkeeper doctor --outside looks at DNS and ports.',
    symptom: 'cert-manager gets no certificate',
    quiet: age !== undefined && age < ISSUED_WITHIN,
  })];
}

function certificateOfSecret(input: CheckInput): readonly Finding[] {
  const { certificate: seen } = input.facts;
  if (seen.kind === 'missing') return [noCertificate(seen, input)];
  if (seen.kind !== 'seen') return [];
  const { secret } = seen;
  return ending(seen, input.now, {
    whose: `The certificate of Secret ${secret}`,
    advice: `kubectl describe certificate ${secret} says why it was not renewed; without cert-manager put a new one into Secret ${secret}.`,
  });
}

function certificateServed({ facts: { served, certificate }, spec: { https }, now }: CheckInput): readonly Finding[] {
  if (served.kind !== 'seen' || https?.selfSigned === true) return [];
  const { name, subject, isForName } = served;
  if (!isForName) {
    return [finding(R.CertificateNotServed, 'certificate', 'critical', {
      message: `Whoever asks for ${name} is shown another certificate (${subject}): SDKs and browsers refuse the connection.`,
      advice: `${TRAEFIK_LOG}; glitchkeeper doctor --outside looks at DNS and ports; docs/runbooks/certificate-not-issued.md has the causes one by one.`,
      symptom: 'another certificate is served',
    })];
  }
  // Of a Secret its own rule tells.
  if (certificate.kind !== 'none') return [];
  const due = secondsDue(served, now);
  return ending(served, now, {
    whose: `The certificate of ${name}`,
    ...(due > LOOKS ? { late: `and Traefik has not renewed it: it has been due for ${duration(due)}, and Traefik tries once a day` } : {}),
    advice: `glitchkeeper doctor has the reason of the ACME server; ${TRAEFIK_LOG}; docs/runbooks/certificate-not-issued.md has the causes one by one.`,
  });
}

interface Words {
  readonly whose: string;
  readonly advice: string;
  /** Why it is told before its end is near. */
  readonly late?: string;
}

function ending(validity: Validity, now: Date, { whose, advice, late }: Words): readonly Finding[] {
  const left = secondsLeft(validity, now);
  if (left <= 0) return [finding(R.CertificateExpired, 'certificate', 'critical', { message: `${whose} ended ${duration(-left)} ago: SDKs and browsers refuse the connection.`, advice, symptom: 'the certificate has ended' })];
  if (late === undefined && !endsSoon(validity, now)) return [];
  const severity: Finding['severity'] = left < Math.min(CRITICAL, lifeOf(validity) * CRITICAL_SHARE) ? 'critical' : 'warning';
  return [finding(R.CertificateExpiring, 'certificate', severity, { message: `${whose} ends in ${duration(left)}${late === undefined ? '' : `, ${late}`}.`, advice, symptom: 'the certificate ends soon' })];
}

/** Within 14 days, or within a fifth of a life that is shorter than ten weeks. */
export function endsSoon(validity: Validity, now: Date): boolean {
  return secondsLeft(validity, now) <= Math.min(WARNING, lifeOf(validity) * WARNING_SHARE);
}

/** Since when Traefik could have renewed it. Negative: it is not due yet. */
function secondsDue(validity: Validity, now: Date): number {
  return Math.min(TRAEFIK_RENEWS, lifeOf(validity)) - secondsLeft(validity, now);
}

function secondsLeft({ endsAt }: Validity, now: Date): number {
  return (endsAt.getTime() - now.getTime()) / 1_000;
}

function lifeOf({ startsAt, endsAt }: Validity): number {
  return (endsAt.getTime() - startsAt.getTime()) / 1_000;
}

/** A warning where a proxy of one's own serves: it may have another one. Traefik has none then. */
function noCertificate({ secret, why }: Extract<CertificateFacts, { kind: 'missing' }>, { spec: { https } }: CheckInput): Finding {
  return finding(R.CertificateUnreadable, 'certificate', https === undefined ? 'warning' : 'critical', {
    message: `Secret ${secret}, which https.secret in settings.yaml names, ${why}: ${https === undefined ? 'nobody can see until when the certificate is valid' : `Traefik has no certificate for ${https.name}`}.`,
    advice: `kubectl describe certificate ${secret} says why cert-manager makes none; without it put one there by kubectl create secret tls ${secret}, or correct https.secret.`,
    symptom: 'there is no certificate to be seen',
  });
}
