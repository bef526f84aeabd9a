// Whoever may patch a GlitchTip resource must not choose which server is shown the operator's passwords.
import { describe, expect, it } from '@jest/globals';
import { parseTrusted } from '../../../../operator/core/trusted-hosts.js';

const problemsOf = (spec: object, named?: readonly string[]): readonly string[] => {
  const parsed = parseTrusted({ version: '5.2', valkey: {}, ...spec }, named);
  return parsed.kind === 'valid' ? [] : parsed.problems;
};

describe('a host of the resource', () => {
  it.each<[string, object]>([
    ['left out is the Service of the manifests', {}],
    ['that is a Service of the manifests is trusted', { database: { host: 'postgres' }, web: { host: 'web-backend' }, gateway: { host: 'web', controlHost: 'gateway-control' } }],
    ["that is k3s' Traefik is trusted with its certificate", { https: { name: 'errors.example.com' } }],
  ])('%s', (_, spec) => expect(problemsOf(spec)).toEqual([]));

  it.each<[string, object, string]>([
    ['of Postgres that is outside', { database: { host: 'db.example.com' } }, 'spec.database.host'],
    ['of Postgres that is an address', { database: { host: '203.0.113.1' } }, 'spec.database.host'],
    ['of Valkey that is outside', { valkey: { host: 'valkey.example.com' } }, 'spec.valkey.host'],
    ['of Valkey that is of another namespace', { valkey: { host: 'valkey.other' } }, 'spec.valkey.host'],
    ['that the search domains of the node complete', { valkey: { host: 'ip-10-0-0-5' } }, 'spec.valkey.host'],
    ['of web that is outside', { web: { host: 'web.example.com' } }, 'spec.web.host'],
    ['that would be sent the token of the gateway', { gateway: { controlHost: 'control.example.com' } }, 'spec.gateway.controlHost'],
    ['of the gateway that is outside', { gateway: { host: 'front.example.com' } }, 'spec.gateway.host'],
  ])('%s is refused', (_, spec, field) => {
    const problems = problemsOf(spec);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${field}: expected one of postgres, valkey, web, web-backend, gateway-control`);
  });

  it('of https is Traefik or named, and Traefik is trusted with nothing else', () => {
    const traefik = 'traefik.kube-system.svc.cluster.local';
    expect(problemsOf({ https: { name: 'errors.example.com', host: 'postgres' } })).toEqual([`spec.https.host: expected one of ${traefik} (operator.trustedHosts in settings.yaml names more), found postgres`]);
    expect(problemsOf({ https: { name: 'errors.example.com', host: 'proxy.example.com' } }, ['proxy.example.com'])).toEqual([]);
    expect(problemsOf({ gateway: { controlHost: traefik } })).toHaveLength(1);
  });

  it('of the tunnel is its Service or named, and that is trusted with nothing else', () => {
    expect(problemsOf({ tunnel: {} })).toEqual([]);
    expect(problemsOf({ tunnel: { host: 'metadata.example.com' } })).toEqual(['spec.tunnel.host: expected one of tunnel (operator.trustedHosts in settings.yaml names more), found metadata.example.com']);
    expect(problemsOf({ gateway: { controlHost: 'tunnel' } })).toHaveLength(1);
  });

  it('that the settings name is trusted, and no other', () => {
    expect(problemsOf({ database: { host: 'db.example.com' } }, ['db.example.com'])).toEqual([]);
    expect(problemsOf({ database: { host: 'sub.db.example.com' } }, ['db.example.com'])).toHaveLength(1);
  });
});
