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

  it('leave pods room for all of ours at the worst moment, for k3s\' own, and for what the kubelet keeps free', () => {
    const [flags, { host, lines }] = [kubeletFlags(), planBudget(checkSettings({}))];
    const ours = worstMoment(lines.filter((line) => line.ours), ({ memory }) => memory);
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
