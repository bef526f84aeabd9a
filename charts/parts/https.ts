// HTTPS: the routes of k3s' Traefik to GlitchTip, and the redirect. Certificates are Traefik's business, cert-manager's, or in a Secret of yours.
import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { eventPaths } from '../event-paths.js';
import { HTTPS_ROUTES, WEB } from '../part-names.js';
import { HTTP_PORT } from '../releases.js';
import type { Settings } from '../settings/schema.js';
import { frontPart } from '../topology.js';
import { RESOLVER, TRAEFIK, certificateSecret, eventNamesSecret, hstsSeconds } from '../traefik.js';
import { IssuedCertificate } from './issued-certificate.js';
import { partMetadata } from './pod-template.js';

const API = 'traefik.io/v1alpha1';
const MIDDLEWARES = { hsts: 'hsts', redirect: 'redirect-to-https' } as const;

/** IngressRoutes instead of Ingresses: these have no word for the paths of events. */
export class Https extends Construct {
  constructor(scope: Construct, id: string, private readonly settings: Settings) {
    super(scope, id);
    const { domain, https: { mode, public: open, acceptPlainEvents, eventNames } } = settings;
    const stsSeconds = hstsSeconds(settings);
    // Traefik has decoded the path, and cleaned it of dots.
    const events = `PathRegexp(\`${eventPaths(settings)}\`)`;
    // /metrics is GlitchTip 6's, without a login, where ENABLE_OBSERVABILITY_API is on.
    const shown = { all: '', 'no-admin': ' && !PathRegexp(`^/(admin|metrics)(/|$)`)', ingest: ` && ${events}` } as const;
    const host = hostRule(new URL(domain).hostname);
    // GlitchTip says it, too; Traefik's own answers, while no pod is ready, would lack it.
    if (stsSeconds > 0) this.add('Middleware', MIDDLEWARES.hsts, { headers: { stsSeconds } });
    // 301 to a GET and 308 to everything else, which is sent again as it was.
    this.add('Middleware', MIDDLEWARES.redirect, { redirectScheme: { scheme: 'https', permanent: true } });
    this.add('IngressRoute', HTTPS_ROUTES.secure, {
      entryPoints: [TRAEFIK.secure],
      routes: [route(`${host}${shown[open]}`, stsSeconds > 0 ? MIDDLEWARES.hsts : undefined)],
      tls: served(settings, certificateSecret(settings)),
    });
    // A route each: Traefik asks for one certificate a route, and of a name that does not lead here there is none. No HSTS: the name may go back.
    if (eventNames.length > 0) {
      this.add('IngressRoute', HTTPS_ROUTES.eventNames, {
        entryPoints: [TRAEFIK.secure], routes: eventNames.map((name) => route(`${hostRule(name)} && ${events}`)), tls: served(settings, eventNamesSecret(settings)),
      });
    }
    // The path of the ACME challenge is Traefik's before any route of ours; of cert-manager's challenge the rule is longer, and so the first.
    this.add('IngressRoute', HTTPS_ROUTES.plain, {
      entryPoints: [TRAEFIK.plain],
      // The longer rule is the first. When the time is over the gateway leads them to https.
      routes: [host, ...eventNames.map(hostRule)].flatMap((each) => [route(each, MIDDLEWARES.redirect), ...(acceptPlainEvents === 'never' ? [] : [route(`${each} && ${events}`)])]),
    });
    if (mode === 'cert-manager') new IssuedCertificate(this, 'certificate', settings);
  }

  private add(kind: 'IngressRoute' | 'Middleware', name: string, spec: object): void {
    new ApiObject(this, name, { apiVersion: API, kind, metadata: partMetadata(name, frontPart(this.settings)), spec });
  }
}

/** Without a word of which certificate Traefik has one that it makes itself. */
function served(settings: Settings, secretName: string | undefined): object {
  if (settings.https.mode === 'traefik') return { certResolver: RESOLVER };
  return secretName === undefined ? {} : { secretName };
}

/** Of one name: the longer rule is the first, and one of several names would be longer than that of a challenge. */
function hostRule(name: string): string {
  return `Host(\`${name}\`)`;
}

function route(match: string, middleware?: string): object {
  return { kind: 'Rule', match, ...(middleware === undefined ? {} : { middlewares: [{ name: middleware }] }), services: [{ name: WEB, port: HTTP_PORT }] };
}
