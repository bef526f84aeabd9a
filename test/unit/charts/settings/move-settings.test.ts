// The section `move`: what one setting says against another, and addresses of the old server.
import { describe, expect, it } from '@jest/globals';
import { checkSettings } from '../../../../charts/settings/load-settings.js';
import type { SettingsInput } from '../../../../charts/settings/schema.js';
import { problemsOf } from './problems-of.js';

describe('a move', () => {
  it('there is none, where nobody says anything', () => {
    expect(checkSettings({}).move).toEqual({ privateNetworks: [], share: 25 });
  });

  it.each<[string, NonNullable<SettingsInput['move']>]>([
    ['from a server of the internet', { from: 'https://sentry.example.com', organization: 'acme' }],
    ['from sentry.io', { from: 'https://de.sentry.io', organization: 'acme-inc' }],
    ['from a server beside this one', { from: 'http://192.168.1.30:9000', organization: 'acme', privateNetworks: ['192.168.1.30'] }],
  ])('%s is accepted', (_, move) => {
    expect(problemsOf({ move })).toEqual([]);
  });

  it.each<[string, SettingsInput, string]>([
    ['no URL', { move: { from: 'sentry.example.com', organization: 'acme' } }, 'move.from: expected the URL of the server, such as https://sentry.example.com, found "sentry.example.com"'],
    ['a DSN', { move: { from: 'https://abc@sentry.example.com/42', organization: 'acme' } }, 'move.from: expected the URL of the server, such as https://sentry.example.com, without credentials'],
    ['no organization', { move: { from: 'https://sentry.example.com' } }, 'move.organization: expected the slug of an organization on the old one, such as acme, with move.from; found nothing'],
    ['an organization alone', { move: { organization: 'acme' } }, 'move.from: expected the URL of the old server with move.organization'],
    ['the name of an organization', { move: { from: 'https://sentry.example.com', organization: 'Acme Inc' } }, 'move.organization: expected the slug'],
    ['a private address by the internet', { move: { from: 'http://192.168.1.30:9000', organization: 'acme' } }, 'move.privateNetworks: expected a network that the endpoint 192.168.1.30 is in'],
    ['more than the spool', { move: { share: 101 } }, 'move.share: expected a whole number of percent from 1 to 100, found 101'],
    ['this server', { domain: 'https://errors.example.com', move: { from: 'https://errors.example.com/', organization: 'acme' } }, 'move.from: expected another server than this one, which is domain; found "https://errors.example.com/"'],
    ['no gateway', { gateway: { enabled: false }, move: { from: 'https://sentry.example.com', organization: 'acme' } }, 'move.from: expected it with the gateway alone, which gives each event to both; found gateway.enabled: false'],
  ])('of %s is refused, with what was expected', (_, input, expected) => {
    expect(problemsOf(input).join('\n')).toContain(expected);
  });
});
