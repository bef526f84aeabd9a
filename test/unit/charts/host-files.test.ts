import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { planBudget, worstMoment } from '../../../charts/budget.js';
import { hostFiles } from '../../../charts/host-files.js';
import { checkSettings } from '../../../charts/settings/load-settings.js';
import type { SettingsInput } from '../../../charts/settings/schema.js';

/** The kubelet's flags. */
function kubeletFlags(settings: SettingsInput = {}): Map<string, string> {
  const [k3s] = hostFiles(checkSettings(settings));
  const { 'kubelet-arg': flags } = parse(k3s?.content ?? '') as { 'kubelet-arg': string[] };
  return new Map(flags.map((flag) => [flag.slice(0, flag.indexOf('=')), flag.slice(flag.indexOf('=') + 1)] as const));
}

/** By k3s' Traefik, which gets its own certificate. */
const HTTPS: SettingsInput = { domain: 'https://errors.example.org', https: { mode: 'traefik', acme: { email: 'ops@glitchtip.invalid' } } };

const mebibytesIn = (text = ''): number => Number(/(\d+)Mi/.exec(text)?.[1]);

describe('the files for the host', () => {
  it("start k3s' load balancer only for a Service that is one", () => {
    const configuration = (service: SettingsInput['service']) => parse(hostFiles(checkSettings({ service }))[0]?.content ?? '') as { disable: string[]; 'disable-cloud-controller'?: boolean };
    const closed = { disable: ['servicelb', 'traefik'], 'disable-cloud-controller': true };
    expect(configuration({})).toMatchObject(closed);
    expect(configuration({ type: 'NodePort', allowPublic: true })).toMatchObject(closed);
    const { disable, 'disable-cloud-controller': withoutCloud } = configuration({ type: 'LoadBalancer', allowPublic: true });
    expect([disable, withoutCloud]).toEqual([['traefik'], undefined]);
  });

  it("start k3s' load balancer, its Traefik and what installs it only where it serves the address", () => {
    const [k3s] = hostFiles(checkSettings(HTTPS));
    const configuration = parse(k3s?.content ?? '') as object;
    for (const key of ['disable', 'disable-cloud-controller', 'disable-helm-controller']) expect(configuration).not.toHaveProperty(key);
    expect(hostFiles(checkSettings({})).map(({ path }) => path)).not.toContain('host/traefik.config');
  });

  it.each([['as they are', {}], ['with Traefik', HTTPS]] as const)('leave pods room for all of ours at the worst moment, for k3s\' own, and for what the kubelet keeps free: %s', (_, settings) => {
    const [flags, { host, lines }] = [kubeletFlags(settings), planBudget(checkSettings(settings))];
    const ours = worstMoment(lines.filter((line) => line.ours || line.name === 'traefik'), ({ memory }) => memory);
    const pods = host.memory - mebibytesIn(flags.get('kube-reserved')) - mebibytesIn(flags.get('system-reserved'));
    expect(pods - mebibytesIn(flags.get('eviction-hard')) - ours).toBeGreaterThanOrEqual(100);
  });

  it('rotate logs at 10 MB x 3', () => {
    const flags = kubeletFlags();
    expect([flags.get('container-log-max-size'), flags.get('container-log-max-files')]).toEqual(['10Mi', '3']);
  });

  it('are valid for a host without neighbours and with a small reserve', () => {
    const flags = kubeletFlags({ host: { neighbours: '0Mi', controlPlane: '100Mi' } });
    expect([flags.get('kube-reserved'), flags.get('system-reserved')]).toEqual(['memory=0Mi', 'memory=0Mi']);
  });

  it('keep the Go runtime of k3s inside its reserve', () => {
    const [, drop] = hostFiles(checkSettings({}));
    expect(Number(/GOMEMLIMIT=(\d+)MiB/.exec(drop?.content ?? '')?.[1])).toBeLessThan(470);
  });
});

describe("what k3s' Traefik is told", () => {
  interface ChartConfig { readonly kind: string; readonly metadata: object; readonly spec: { readonly valuesContent: string } }
  interface Values { readonly resources: object; readonly updateStrategy: object; readonly persistence?: object; readonly additionalArguments: readonly string[] }

  const chartConfig = (settings: SettingsInput) => parse(hostFiles(checkSettings(settings)).find(({ path }) => path === 'host/traefik.config')?.content ?? '') as ChartConfig;
  const valuesOf = (settings: SettingsInput) => parse(chartConfig(settings).spec.valuesContent) as Values;
  const SECRET: SettingsInput = { domain: 'https://errors.example.org', https: { mode: 'secret', secret: 'errors-tls' } };

  it('is a HelmChartConfig, which k3s applies where it is installed', () => {
    expect(chartConfig(HTTPS)).toMatchObject({ apiVersion: 'helm.cattle.io/v1', kind: 'HelmChartConfig', metadata: { name: 'traefik', namespace: 'kube-system' } });
  });

  it('is its limit, and to be rolled without a second pod, for which there is no memory', () => {
    expect(valuesOf(HTTPS)).toMatchObject({
      resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '500m', memory: '104Mi' } },
      deployment: { goMemLimitPercentage: 0.5 }, updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    });
  });

  it('is to let uploads take longer than its own minute, and to close idle connections before the gateway does', () => {
    expect(valuesOf(SECRET).additionalArguments).toEqual(['--entrypoints.websecure.transport.respondingtimeouts.readtimeout=15m', '--serverstransport.forwardingtimeouts.idleconntimeout=60s']);
  });

  it('is that uploads by http may take as long, where events are taken so until a day', () => {
    expect(valuesOf({ ...SECRET, https: { ...SECRET.https, acceptPlainEvents: '2027-03-01' } }).additionalArguments).toContain('--entrypoints.web.transport.respondingtimeouts.readtimeout=15m');
  });

  it('is whom to ask for a certificate, by port 80, and to keep it where it survives a restart', () => {
    expect(valuesOf(HTTPS).persistence).toMatchObject({ enabled: true });
    expect(valuesOf(HTTPS).additionalArguments).toEqual(expect.arrayContaining([
      '--certificatesresolvers.glitchkeeper.acme.email=ops@glitchtip.invalid', '--certificatesresolvers.glitchkeeper.acme.storage=/data/acme.json',
      '--certificatesresolvers.glitchkeeper.acme.caserver=https://acme-v02.api.letsencrypt.org/directory', '--certificatesresolvers.glitchkeeper.acme.httpchallenge.entrypoint=web',
    ]));
  });

  it('is asked by the authority when it is ready, which it is soon: a renewal that fails at its start is tried again a day later', () => {
    expect(valuesOf(HTTPS)).toMatchObject({ readinessProbe: { periodSeconds: 2, failureThreshold: 5 } });
    expect(valuesOf(HTTPS).additionalArguments).toContain('--certificatesresolvers.glitchkeeper.acme.httpchallenge.delay=6s');
  });

  it('is nothing of an authority with a certificate of one\'s own', () => {
    expect(valuesOf(SECRET).persistence).toBeUndefined();
    expect(valuesOf(SECRET).additionalArguments.join()).not.toContain('acme');
  });
});
