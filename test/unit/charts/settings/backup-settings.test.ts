// The section `backup`: what one setting says against another, and addresses of servers.
import { describe, expect, it } from '@jest/globals';
import { checkSettings } from '../../../../charts/settings/load-settings.js';
import type { SettingsInput } from '../../../../charts/settings/schema.js';
import { problemsOf as problemsOfSettings } from './problems-of.js';

type Input = NonNullable<SettingsInput['backup']>;

const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
const OFF_THE_HOST: Input = { store: 's3', recipients: [RECIPIENT], s3: { endpoint: 'https://s3.example.com', bucket: 'copies' } };
const at = (endpoint: string, s3: Input['s3'] = {}): Input => ({ ...OFF_THE_HOST, s3: { ...OFF_THE_HOST.s3, endpoint, ...s3 } });

const problemsOf = (backup: Input) => problemsOfSettings({ backup });

describe('backups', () => {
  it('are made daily onto a volume, where nobody says anything', () => {
    expect(checkSettings({}).backup).toMatchObject({ enabled: true, everyDays: 1, at: '02:30', timeZone: 'UTC', store: 'volume', volume: '8Gi', scratch: '4Gi', keep: { days: 30, newest: 3, months: 12 } });
  });

  it.each<[string, Input]>([
    ['off the host', OFF_THE_HOST],
    ['to a server beside this one', at('http://192.168.1.25:9000', { privateNetworks: ['192.168.1.0/24'] })],
    ['to an address of the internet', at('https://203.0.113.10')],
    ['to an address of IPv6', at('http://[fd00:7::1]:9000', { privateNetworks: ['fd00:7::/64'] })],
    ['to a name that is private', at('http://minio.lan:9000', { privateNetworks: ['10.0.0.5'] })],
    ['below a path, in folders', at('https://example.com/s3/', { prefix: 'hosts/a/' })],
    ['with the bucket before the host', at('https://s3.example.com', { style: 'host', bucket: 'copies-a' })],
    ['onto a volume, encrypted', { store: 'volume', recipients: [RECIPIENT] }],
    ['nowhere, with a server for later', { ...OFF_THE_HOST, store: 'none' }],
  ])('go %s', (_, backup) => expect(problemsOf(backup)).toEqual([]));

  it.each<[string, Input, string]>([
    ['leave the host unencrypted', { ...OFF_THE_HOST, recipients: [] }, 'backup.recipients: expected at least one recipient of age (age1..., made by age-keygen) with store s3, because nothing leaves the host unencrypted; found none'],
    ['go to no server', { ...OFF_THE_HOST, s3: { bucket: 'copies' } }, 'backup.s3.endpoint: expected the URL of the server with store s3, such as https://s3.eu-central-1.amazonaws.com, found nothing'],
    ['go into no bucket', { ...OFF_THE_HOST, s3: { endpoint: 'https://s3.example.com' } }, 'backup.s3.bucket: expected the name of a bucket with store s3, found nothing'],
    ['stay on the host though a server is named', { ...OFF_THE_HOST, store: 'volume' }, 'backup.store: expected s3, because backup.s3 names a server; found volume, with which no copy leaves this host'],
    ['go to what is no URL', at('s3.example.com'), 'backup.s3.endpoint: expected the URL of the server, such as https://s3.eu-central-1.amazonaws.com, found "s3.example.com"'],
    ['go by another protocol', at('s3://copies'), 'backup.s3.endpoint: expected the URL of the server, such as https://s3.eu-central-1.amazonaws.com, found "s3://copies"'],
    ['go to a question', at('https://s3.example.com/?region=eu'), 'backup.s3.endpoint: expected the URL of the server, such as https://s3.eu-central-1.amazonaws.com, without "?" and "#", found "https://s3.example.com/?region=eu"'],
    ['go to the pod itself', at('http://localhost:9000'), 'backup.s3.endpoint: expected the URL of the server, such as https://s3.eu-central-1.amazonaws.com, at an address that pods reach; found "http://localhost:9000", which is to a pod the pod itself'],
    ['go to a private address that no policy opens', at('http://192.168.1.25:9000'), 'backup.s3.privateNetworks: expected a network that the endpoint 192.168.1.25 is in, found none, and so the internet'],
    ['go to an address beside the networks that are opened', at('http://192.168.1.25:9000', { privateNetworks: ['10.0.0.0/8'] }), 'backup.s3.privateNetworks: expected a network that the endpoint 192.168.1.25 is in, found 10.0.0.0/8'],
    ['have the bucket before an address', at('https://203.0.113.10', { style: 'host' }), 'backup.s3.style: expected path with an address instead of a name (203.0.113.10), found host'],
    ['have a name that no certificate is for', at('https://s3.example.com', { style: 'host', bucket: 'copies.of.a' }), 'backup.s3.style: expected path with https and a bucket with dots in its name (copies.of.a), whose certificate is not for such a host; found host'],
  ])('never %s', (_, backup, problem) => expect(problemsOf(backup)).toEqual([problem]));

  it.each(['https://AKIA:hunter2@s3.example.com', 'AKIA:hunter2@s3.example.com'])('show no key that somebody wrote into the address %s', (endpoint) => {
    expect(problemsOf(at(endpoint)).join()).toMatch(/^backup\.s3\.endpoint: expected the URL of the server, .*found something else \(not shown/);
  });
});
