// What GlitchTip does beside taking events: what each release can, and what one setting says against another.
import { describe, expect, it } from '@jest/globals';
import { checkSettings } from '../../../../charts/settings/load-settings.js';
import type { SettingsInput } from '../../../../charts/settings/schema.js';
import { problemsOf } from './problems-of.js';

const INSIDE = { network: { workerToPrivate: ['192.168.1.25'] } };

it('nothing is open that nobody asked for', () => {
  const { registration, logs, uptime, webhooks, mcp } = checkSettings({ version: '6.2' });
  expect({ registration, logs, uptime, webhooks, mcp }).toEqual({
    registration: { users: false, singleSignOn: false, organizations: false }, logs: { enabled: false },
    uptime: { enabled: true, privateAddresses: false }, webhooks: { privateAddresses: false }, mcp: { enabled: false },
  });
});

describe.each<[string, SettingsInput, string | undefined]>([
  ['accounts for everybody', { registration: { users: true } }, undefined],
  ['accounts by single sign-on', { registration: { singleSignOn: true } }, undefined],
  ['organizations by everybody', { registration: { organizations: true } }, undefined],
  ['logs', { logs: { enabled: true, retentionDays: 14 } }, 'logs.enabled: expected false with version 5.2, which keeps no logs; found true, which needs version 6.2'],
  ['no uptime monitors', { uptime: { enabled: false } }, 'uptime.enabled: expected true with version 5.2, which always checks its uptime monitors; found false, which needs version 6.2'],
  ['monitors of private addresses', { uptime: { privateAddresses: true }, ...INSIDE }, 'uptime.privateAddresses: expected false with version 5.2, which never asks whether an address is private: its monitors watch what network.workerToPrivate lets them reach; found true'],
  ['webhooks to private addresses', { webhooks: { privateAddresses: true }, ...INSIDE }, 'webhooks.privateAddresses: expected false with version 5.2, which never asks whether an address is private: its webhooks call what network.workerToPrivate lets them reach; found true'],
  ['MCP', { mcp: { enabled: true } }, 'mcp.enabled: expected false with version 5.2, which has no MCP server; found true, which needs version 6.2'],
])('%s', (_, input, refusal) => {
  it('can be had with 6.2', () => expect(problemsOf({ version: '6.2', ...input })).toEqual([]));
  it(refusal === undefined ? 'can be had with 5.2' : 'is refused with 5.2', () => {
    expect(problemsOf({ version: '5.2', ...input })).toEqual(refusal === undefined ? [] : [expect.stringContaining(refusal)]);
  });
});

describe('6.2 is refused', () => {
  it.each<[string, SettingsInput, string]>([
    ['monitors of private addresses that no policy opens', { uptime: { privateAddresses: true } }, 'uptime.privateAddresses: expected the networks that may be called in network.workerToPrivate, too'],
    ['webhooks to such', { webhooks: { privateAddresses: true } }, 'webhooks.privateAddresses: expected the networks that may be called in network.workerToPrivate, too'],
    ['days of logs that are not kept', { logs: { retentionDays: 14 } }, 'logs.retentionDays: expected it with logs.enabled: true alone, found 14 without'],
    ['no days', { logs: { enabled: true, retentionDays: 0 } }, 'logs.retentionDays: expected a whole number of days from 1 to 3650, found 0'],
    ['a word for a switch', { mcp: { enabled: 'yes' as unknown as boolean } }, 'mcp.enabled: expected true or false, found "yes"'],
  ])('%s', (_, input, expected) => expect(problemsOf({ version: '6.2', ...input }).join('\n')).toContain(expected));
});
