// HTTPS by a Gateway of yours (Gateway API): its routes to GlitchTip, and the redirect. Listeners and certificate are the Gateway's.
import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { eventPaths } from '../event-paths.js';
import { HTTPS_ROUTES, WEB } from '../part-names.js';
import { HTTP_PORT } from '../releases.js';
import type { Settings } from '../settings/schema.js';
import { frontPart } from '../topology.js';
import { partMetadata } from './pod-template.js';

const API = 'gateway.networking.k8s.io/v1';

export class GatewayRoutes extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { domain, https: { gateway, public: open, acceptPlainEvents, eventNames } } = settings;
    // Without one there are no routes.
    if (gateway === undefined) return;
    const { name, namespace, secure, plain } = gateway;
    // Of regular expressions the Gateway API says nothing but that there are some: Traefik, Envoy and NGINX know this one.
    const events = { matches: [{ path: { type: 'RegularExpression', value: eventPaths(settings) } }], backendRefs };
    const own = [new URL(domain).hostname];
    const add = (route: string, { listener, hostnames = own }: { readonly listener: string; readonly hostnames?: readonly string[] }, rules: readonly object[]): void => {
      const parent = { name, ...(namespace === undefined ? {} : { namespace }), sectionName: listener };
      new ApiObject(this, route, {
        apiVersion: API, kind: 'HTTPRoute', metadata: partMetadata(route, frontPart(settings)),
        spec: { parentRefs: [parent], hostnames, rules },
      });
    };
    add(HTTPS_ROUTES.secure, { listener: secure }, [open === 'ingest' ? events : EVERYTHING]);
    if (eventNames.length > 0) add(HTTPS_ROUTES.eventNames, { listener: secure, hostnames: eventNames }, [events]);
    // The more exact rule is the first, whatever their order. When the time is over the gateway leads them to https.
    add(HTTPS_ROUTES.plain, { listener: plain, hostnames: [...own, ...eventNames] }, [...(acceptPlainEvents === 'never' ? [] : [events]), REDIRECT]);
  }
}

const backendRefs = [{ name: WEB, port: HTTP_PORT }];
const EVERYTHING = { backendRefs };
/** Of the two codes that every Gateway knows. */
const REDIRECT = { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }] };
