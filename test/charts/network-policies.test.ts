// What the NetworkPolicies say of the world outside of the namespace.
import { describe, expect, it } from '@jest/globals';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { find, renderStack } from './synthesize.js';

interface Egress {
  readonly to: readonly { readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] } }[];
  readonly ports?: readonly { readonly port: number }[];
}

/** What a policy allows: networks, and ports where it names them. */
function outOf(name: string, network: SettingsInput['network'] = {}, others: SettingsInput = {}) {
  const [rule] = find(renderStack({ ...others, network }), 'NetworkPolicy', name).spec['egress'] as Egress[];
  return { to: rule?.to.flatMap(({ ipBlock }) => ipBlock ?? []), ports: rule?.ports?.map(({ port }) => port) };
}
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'];

describe('the worker', () => {
  it('reaches the internet, and nothing private', () => {
    expect(outOf('worker-to-internet')).toEqual({ to: [{ cidr: '0.0.0.0/0', except: PRIVATE }, { cidr: '2000::/3' }], ports: undefined });
  });

  it("reaches nothing of the cluster's own where that is public", () => {
    expect(outOf('worker-to-internet', { clusterRanges: ['198.51.100.0/24', '2001:db8:42::/56'] }).to).toEqual([
      { cidr: '0.0.0.0/0', except: [...PRIVATE, '198.51.100.0/24'] }, { cidr: '2000::/3', except: ['2001:db8:42::/56'] },
    ]);
  });

  it("reaches the private networks that the settings name, less the cluster's own", () => {
    expect(outOf('worker-to-private', { workerToPrivate: ['10.0.0.0/8', '192.168.1.25'] }).to).toEqual([
      { cidr: '10.0.0.0/8', except: ['10.42.0.0/16', '10.43.0.0/16'] }, { cidr: '192.168.1.25/32' },
    ]);
    expect(() => find(renderStack(), 'NetworkPolicy', 'worker-to-private')).toThrow('no NetworkPolicy worker-to-private');
  });
});

describe('mails', () => {
  const mail = (email: SettingsInput['email'], part = 'web') => outOf(`${part}-to-mail`, {}, { email });

  it.each<[SettingsInput['email'], number]>([
    [{ url: 'smtp://relay.example.com' }, 25], [{ url: 'smtp+tls://relay.example.com' }, 587], [{ url: 'smtp+ssl://relay.example.com' }, 465], [{ url: 'smtp://relay.example.com:2525' }, 2525],
    [{ secret: 'mail' }, 587], [{ secret: 'mail', port: 465 }, 465],
  ])('by %j leave by port %i of the internet, from web and from the worker', (email, port) => {
    for (const part of ['web', 'worker']) expect(mail(email, part)).toEqual({ to: [{ cidr: '0.0.0.0/0', except: PRIVATE }, { cidr: '2000::/3' }], ports: [port] });
  });

  it('to a server in a private network leave to that alone', () => {
    expect(mail({ secret: 'mail', privateNetworks: ['192.168.1.25'] })).toEqual({ to: [{ cidr: '192.168.1.25/32' }], ports: [587] });
  });

  it('that are written to the log need no way out', () => {
    expect(() => mail({})).toThrow('no NetworkPolicy web-to-mail');
  });
});

describe('the operator', () => {
  const anywhere = [{ cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] }, { cidr: '::/0', except: ['fd00:ec2::254/128'] }];

  it('reaches anywhere by the ports of API servers, while its address is not known', () => {
    expect(outOf('operator-to-kubernetes-api')).toEqual({ to: anywhere, ports: [443, 6443] });
  });

  it('reaches the API server where it is, and sends alerts by 443', () => {
    const network = { apiServer: { addresses: ['198.51.100.2', '10.43.0.1'], ports: [16443, 443] } };
    expect(outOf('operator-to-kubernetes-api', network)).toEqual({ to: [{ cidr: '198.51.100.2/32' }, { cidr: '10.43.0.1/32' }], ports: [16443, 443] });
    expect(outOf('operator-to-alerts', network, { alerts: { ports: [8443] } })).toEqual({ to: anywhere, ports: [443, 8443] });
  });
});

it('DNS servers that are no pods are asked where the settings name them', () => {
  expect(outOf('all-to-dns').to).toEqual([]);
  expect(outOf('all-to-dns', { dnsServers: ['169.254.20.10'] })).toEqual({ to: [{ cidr: '169.254.20.10/32' }], ports: [53, 53] });
});
