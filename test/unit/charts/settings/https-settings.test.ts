// The section `https`: what it needs of the address, and what one setting says against another.
import { describe, expect, it } from '@jest/globals';
import { checkSettings } from '../../../../charts/settings/load-settings.js';
import type { SettingsInput } from '../../../../charts/settings/schema.js';
import { problemsOf } from './problems-of.js';

const ACME: SettingsInput = { domain: 'https://errors.example.org', https: { mode: 'traefik', acme: { email: 'ops@glitchtip.invalid' } } };
const ISSUED: SettingsInput = { domain: 'https://errors.example.org', https: { mode: 'cert-manager', acme: { email: 'ops@glitchtip.invalid' } } };
const SECRET: SettingsInput = { domain: 'https://errors.example.org', https: { mode: 'secret', secret: 'errors-tls' } };

describe('https', () => {
  it('is nobody\'s business where nobody says anything', () => {
    expect(checkSettings({}).https).toEqual({ mode: 'none', public: 'all', acceptPlainEvents: 'never', acme: { server: 'https://acme-v02.api.letsencrypt.org/directory' }, tunnel: { secret: 'glitchtip-tunnel' }, certManager: { budget: 'all' }, eventNames: [] });
  });

  it.each<[string, SettingsInput]>([
    ["by k3s' Traefik and Let's Encrypt", ACME],
    ['by an authority of one\'s own', { ...ACME, https: { mode: 'traefik', acme: { email: 'admin@example.com', server: 'https://ca.lan:14000/dir' } } }],
    ['for events alone', { ...ACME, https: { ...ACME.https, public: 'ingest' } }],
    ['without the pages of administration', { ...ACME, https: { ...ACME.https, public: 'no-admin' } }],
    ['by a Gateway of one\'s own', { domain: 'https://errors.example.org', https: { gateway: { name: 'public', namespace: 'ingress' }, public: 'ingest', acceptPlainEvents: '2027-03-01' }, network: { clients: ['ingress'] } }],
    ["by Traefik's own certificate, at a name or an address", { domain: 'https://192.168.1.25', https: { mode: 'self-signed' } }],
    ['by a Cloudflare Tunnel', { domain: 'https://errors.example.org', https: { mode: 'tunnel' } }],
    ['beside events by http, until a day', { ...ACME, https: { ...ACME.https, acceptPlainEvents: '2027-03-01' } }],
    ['by a certificate in a Secret', SECRET],
    ['by a certificate that cert-manager gets', ISSUED],
    ['by one of a ClusterIssuer, in a Secret that has a name', { ...ISSUED, https: { mode: 'cert-manager', secret: 'errors-tls', certManager: { clusterIssuer: 'letsencrypt', budget: 'controller' } } }],
    ['by a certificate for a name that only this network knows', { ...SECRET, domain: 'https://errors' }],
    ['by a proxy of one\'s own, whose certificate is watched', { domain: 'https://errors.example.org', https: { secret: 'errors-tls' } }],
    ['by a proxy of one\'s own at another port', { domain: 'https://errors.example.org:8443' }],
    ['beside a port for the addresses of before', { ...ACME, service: { type: 'NodePort', allowPublic: true, port: 30080 } }],
    ['beside a load balancer at another port', { ...ACME, service: { type: 'LoadBalancer', allowPublic: true } }],
    ['without a gateway, and so with nobody who would have to know Traefik', { ...SECRET, gateway: { enabled: false }, network: { clusterRanges: [] } }],
  ])('is %s', (_, settings) => expect(problemsOf(settings)).toEqual([]));

  it.each<[string, object, string]>([
    ['by nobody knows what', { https: { mode: 'caddy' } }, 'https.mode: expected none, traefik, secret, cert-manager, self-signed or tunnel, found "caddy"'],
    ['by a tunnel in clear', { https: { mode: 'tunnel' } }, 'domain: expected an https address with a name with https.mode tunnel, such as https://errors.example.com; found "http://localhost:9090"'],
    ['by a tunnel with a certificate', { domain: 'https://errors.example.org', https: { mode: 'tunnel', secret: 'errors-tls' } }, 'https.secret: expected none with https.mode tunnel, whose certificate Cloudflare has; found "errors-tls"'],
    ['for some paths of a tunnel', { domain: 'https://errors.example.org', https: { mode: 'tunnel', public: 'ingest' } }, 'https.public: expected all with https.mode tunnel, with which Cloudflare decides what is public; found ingest'],
    ['by cert-manager, which asks nobody', { ...ISSUED, https: { mode: 'cert-manager' } }, 'https.acme.email: expected the e-mail address of an ACME account, or a ClusterIssuer in https.certManager.clusterIssuer, because https.mode is cert-manager: it is given to the certificate authority, and with it you agree to its terms; found nothing'],
    ['by cert-manager, which asks two', { ...ISSUED, https: { ...ISSUED.https, certManager: { clusterIssuer: 'letsencrypt' } } }, 'https.acme.email: expected none with https.certManager.clusterIssuer, which has an account of its own; found "ops@glitchtip.invalid"'],
    ['by cert-manager for a name that no authority finds', { ...ISSUED, domain: 'https://errors' }, 'domain: expected a name that the internet knows with https.mode cert-manager, because the certificate authority looks it up; found "https://errors"'],
    ['by a ClusterIssuer that nobody asks', { ...SECRET, https: { ...SECRET.https, certManager: { clusterIssuer: 'letsencrypt' } } }, 'https.certManager.clusterIssuer: expected none with https.mode secret, or https.mode: cert-manager; found "letsencrypt"'],
    ['with half of cert-manager counted', { ...ISSUED, https: { ...ISSUED.https, certManager: { budget: 'webhook' } } }, 'https.certManager.budget: expected all, controller or none, found "webhook"'],
    ['beside events by http without an end', { ...ACME, https: { ...ACME.https, acceptPlainEvents: 'always' } }, 'https.acceptPlainEvents: expected a day such as 2027-03-01, or never, found "always"'],
    ['beside events by http until a day that is none', { ...ACME, https: { ...ACME.https, acceptPlainEvents: '2027-02-30' } }, 'https.acceptPlainEvents: expected a day such as 2027-03-01, or never, found "2027-02-30"'],
    ['beside events by http that a proxy of one\'s own takes', { https: { acceptPlainEvents: '2027-03-01' } }, 'https.acceptPlainEvents: expected never with https.mode none, with which your own proxy decides what is taken; found "2027-03-01"'],
    ['beside events by http that nobody counts', { ...SECRET, https: { ...SECRET.https, acceptPlainEvents: '2027-03-01' }, gateway: { enabled: false } }, 'https.acceptPlainEvents: expected never without a gateway, which takes and counts them; found "2027-03-01"'],
    ['by a Gateway beside events by http that nobody counts', { domain: 'https://errors.example.org', https: { gateway: { name: 'public' }, acceptPlainEvents: '2027-03-01' }, network: { clients: ['ingress'] }, gateway: { enabled: false } }, 'https.acceptPlainEvents: expected never without a gateway, which takes and counts them; found "2027-03-01"'],
    ['without an account', { ...ACME, https: { mode: 'traefik' } }, 'https.acme.email: expected the e-mail address of an ACME account, because https.mode is traefik: it is given to the certificate authority, and with it you agree to its terms; found nothing'],
    ["with an account that Let's Encrypt refuses", { ...ACME, https: { mode: 'traefik', acme: { email: 'admin@errors.example.com' } } }, 'https.acme.email: expected an e-mail address of yours, because Let\'s Encrypt refuses those of example.com; found "admin@errors.example.com"'],
    ['with an account that nobody uses', { ...SECRET, https: { ...SECRET.https, acme: { email: 'ops@glitchtip.invalid' } } }, 'https.acme.email: expected none with https.mode secret, with which nobody asks for a certificate; found "ops@glitchtip.invalid"'],
    ['from an authority in clear', { ...ACME, https: { mode: 'traefik', acme: { email: 'a@b.de', server: 'http://ca.lan/dir' } } }, 'https.acme.server: expected the https address of an ACME directory, such as https://acme-v02.api.letsencrypt.org/directory, found "http://ca.lan/dir"'],
    ['by a certificate that has no name', { ...SECRET, https: { mode: 'secret' } }, 'https.secret: expected the Secret (kubernetes.io/tls) with the certificate, because https.mode is secret; found nothing'],
    ['by two certificates', { ...ACME, https: { ...ACME.https, secret: 'errors-tls' } }, 'https.secret: expected none with https.mode traefik, whose certificate Traefik gets and keeps by itself, or https.mode: secret; found "errors-tls"'],
    ["by Traefik's own certificate and one of a Secret", { domain: 'https://errors', https: { mode: 'self-signed', secret: 'errors-tls' } }, 'https.secret: expected none with https.mode self-signed, whose certificate Traefik gets and keeps by itself, or https.mode: secret; found "errors-tls"'],
    ['by a Gateway that nobody is let in from', { domain: 'https://errors.example.org', https: { gateway: { name: 'public' } } }, 'network.clients: expected the namespace of the pods behind the Gateway of https.gateway: the policies let nobody else to the front door; found none'],
    ['by a Gateway in clear', { https: { gateway: { name: 'public' } }, network: { clients: ['ingress'] } }, 'domain: expected an https address with a name with https.gateway, such as https://errors.example.com; found "http://localhost:9090"'],
    ["by a Gateway beside k3s' Traefik", { ...ACME, https: { ...ACME.https, gateway: { name: 'public' } } }, 'https.gateway: expected none with https.mode traefik, which has a way of its own, or https.mode: none; found "public"'],
    ['for some paths of a proxy that is not ours', { https: { public: 'ingest' } }, 'https.public: expected all with https.mode none, with which your own proxy decides what is public; found ingest'],
    ['for all but some paths of a Gateway', { domain: 'https://errors.example.org', https: { gateway: { name: 'public' }, public: 'no-admin' }, network: { clients: ['ingress'] } }, 'https.public: expected all or ingest with https.gateway: its routes have no word for everything but some paths; found no-admin'],
    ['for nobody knows what', { https: { public: 'none' } }, 'https.public: expected all, no-admin or ingest, found "none"'],
    ['at an address in clear', { ...ACME, domain: 'http://errors.example.org' }, 'domain: expected an https address with https.mode traefik, such as https://errors.example.com; found "http://errors.example.org"'],
    ['at the address of the port-forward', { https: ACME.https }, 'domain: expected an https address with https.mode traefik, such as https://errors.example.com; found "http://localhost:9090"'],
    ['at another port than 443', { ...ACME, domain: 'https://errors.example.org:8443' }, 'domain: expected an address without a port with https.mode traefik: Traefik listens on 443; found "https://errors.example.org:8443"'],
    ['at an address without a name', { ...SECRET, domain: 'https://203.0.113.10' }, 'domain: expected a name with https.mode secret: by the name Traefik chooses the certificate; found "https://203.0.113.10"'],
    ['at an address of IPv6', { ...SECRET, domain: 'https://[2001:db8::2]' }, 'domain: expected a name with https.mode secret: by the name Traefik chooses the certificate; found "https://[2001:db8::2]"'],
    ["by Traefik's own certificate at an address of IPv6", { domain: 'https://[2001:db8::2]', https: { mode: 'self-signed' } }, 'domain: expected a name or an IPv4 address with https.mode self-signed; found "https://[2001:db8::2]"'],
    ['at a name that no authority finds', { ...ACME, domain: 'https://errors' }, 'domain: expected a name that the internet knows with https.mode traefik, because the certificate authority looks it up; found "https://errors"'],
    ['beside a load balancer on the same port', { ...ACME, service: { type: 'LoadBalancer', allowPublic: true, port: 443 } }, 'service.port: expected a port other than 80 and 443 with https.mode traefik, on which Traefik listens; found 443'],
    ['through a gateway that does not know Traefik', { ...SECRET, network: { clusterRanges: [] } }, "network.clusterRanges: expected the network of the cluster's pods with https.mode secret, by which the gateway knows Traefik and believes it that a request came by https; found none"],
  ])('is never %s', (_, settings, problem) => expect(problemsOf(settings)).toEqual([problem]));
});
