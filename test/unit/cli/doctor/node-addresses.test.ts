// doctor on the addresses of the nodes: public ones are reached as the internet, unless the settings name them as the cluster's own.
import { describe, expect, it } from '@jest/globals';
import type { SettingsInput } from '../../../../charts/settings/schema.js';
import { seen, type Finding } from '../../../../cli/doctor/check-result.js';
import * as objects from '../../../../cli/doctor/kubernetes-objects.js';
import { checkNetworks } from '../../../../cli/doctor/network-checks.js';
import { factsOf } from './example-facts.js';

function found(type: string, address: string, network: SettingsInput['network'] = {}): readonly Finding[] {
  const node = objects.node.parse({ metadata: { name: 'host' }, status: { addresses: [{ type, address }] } });
  return checkNetworks(factsOf({ settings: { network }, nodes: seen([node]) })).filter(({ level }) => level !== 'ok');
}

describe('of the addresses of nodes doctor finds', () => {
  it.each([
    ['ExternalIP', '203.0.113.7', '203.0.113.7/32'],
    ['InternalIP', '2001:db8::7', '2001:db8::7/128'],
  ])('one that is public: %s %s', (type, address, network) => expect(found(type, address)).toEqual([{
    check: 'cluster networks', level: 'warning', found: expect.stringContaining(`NetworkPolicy worker-to-internet lets out to ${address} (node host)`),
    remedy: `add ${network} to network.clusterRanges in settings.yaml, then npm run synth && kubectl apply -f dist/`,
  }]));

  it.each<[string, string, string, SettingsInput['network']]>([
    ['is private, and led out to on purpose', 'InternalIP', '192.168.1.5', { workerToPrivate: ['192.168.0.0/16'] }],
    ['is a name', 'Hostname', 'host', {}],
    ['is in the settings', 'ExternalIP', '203.0.113.7', { clusterRanges: ['10.42.0.0/16', '10.43.0.0/16', '203.0.113.7/32'] }],
    ['is not reached, for the worker reaches no internet', 'ExternalIP', '203.0.113.7', { workerToInternet: false }],
  ])('nothing where it %s', (_, type, address, network) => expect(found(type, address, network)).toEqual([]));
});
