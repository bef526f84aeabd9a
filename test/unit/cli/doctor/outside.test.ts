// doctor --outside: what is found of the public name, and how it is looked at.
import { once } from 'node:events';
import { createServer as createPlain, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { notSeen, seen, type Level } from '../../../../cli/doctor/check-result.js';
import type { Facts } from '../../../../cli/doctor/gathered-facts.js';
import * as objects from '../../../../cli/doctor/kubernetes-objects.js';
import { checkOutside } from '../../../../cli/doctor/outside-checks.js';
import { lookFromOutside, type OutsideLook, type SecureAnswer } from '../../../../cli/doctor/outside-look.js';
import { selfSignedFor } from '../../../support/certificate.js';
import { NOW } from '../cli-scenarios.js';
import { factsOf } from './example-facts.js';

const NAME = 'errors.example.com';
const daysFromNow = (days: number) => new Date(NOW.getTime() + days * 86_400_000);
const secureAnswer: SecureAnswer = {
  status: 200, hsts: 'max-age=31536000', subject: `CN=${NAME}`, issuer: 'CN=R11, O=Let\'s Encrypt', isForName: true, distrust: undefined, startsAt: daysFromNow(-30), endsAt: daysFromNow(60),
};
const well: OutsideLook = { addresses: seen(['203.0.113.5', '2001:db8::5']), plain: seen({ status: 301, location: `https://${NAME}/_health/` }), secure: seen(secureAnswer) };
const findings = (look: Partial<OutsideLook>) => checkOutside(factsOf({ outside: seen({ domain: NAME, look: { ...well, ...look } }) }));
const secure = (changes: Partial<SecureAnswer>) => ({ secure: seen({ ...secureAnswer, ...changes }) });

describe('of the public name doctor --outside says', () => {
  it('that all is well', () => {
    expect(findings({}).map(({ check, level, found }) => [check, level, found])).toEqual([
      ['DNS', 'ok', `${NAME} is 203.0.113.5, 2001:db8::5`], ['redirect', 'ok', `301 to https://${NAME}/_health/`],
      ['certificate', 'ok', 'until 2026-07-31, signed by CN=R11, O=Let\'s Encrypt'], ['HSTS', 'ok', 'max-age=31536000'],
    ]);
  });

  it.each<[string, Partial<OutsideLook>, string, Level, RegExp]>([
    ['that DNS does not have it', { addresses: notSeen('ENOTFOUND') }, 'DNS', 'failure', /no address \(ENOTFOUND\)/],
    ['that it is a private address', { addresses: seen(['192.168.1.25']) }, 'DNS', 'warning', /192\.168\.1\.25, which the internet does not reach/],
    ['that it is this machine', { addresses: seen(['::1']) }, 'DNS', 'warning', /::1, which the internet does not reach/],
    ['that port 80 is closed', { plain: notSeen('ECONNREFUSED') }, 'port 80', 'warning', /no answer \(ECONNREFUSED\)/],
    ['that it answers in clear', { plain: seen({ status: 200, location: undefined }) }, 'redirect', 'failure', /answers 200: passwords/],
    ['that it leads elsewhere in clear', { plain: seen({ status: 302, location: 'http://other/' }) }, 'redirect', 'failure', /answers 302 and leads to http:\/\/other\//],
    ['that port 443 is closed', { secure: notSeen('ETIMEDOUT') }, 'port 443', 'failure', /no answer \(ETIMEDOUT\)/],
    ["that Traefik's own certificate is shown", secure({ isForName: false, subject: 'CN=TRAEFIK DEFAULT CERT' }), 'certificate', 'failure', /not for it \(CN=TRAEFIK DEFAULT CERT\)/],
    ['that the certificate has ended', secure({ endsAt: daysFromNow(-1), distrust: 'CERT_HAS_EXPIRED' }), 'certificate', 'failure', /ended on 2026-05-31/],
    ['that the certificate ends soon', secure({ startsAt: daysFromNow(-83), endsAt: daysFromNow(7) }), 'certificate', 'warning', /ends on 2026-06-08/],
    ['that nobody knows who signed it', secure({ distrust: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'certificate', 'failure', /does not trust it \(SELF_SIGNED_CERT_IN_CHAIN/],
    ['that HSTS is missing', secure({ hsts: undefined }), 'HSTS', 'warning', /sends none/],
    ['that HSTS is switched off', secure({ hsts: 'max-age=0' }), 'HSTS', 'warning', /sends none/],
  ])('%s', (...[, look, check, level, found]) => {
    const wrong = findings(look).filter((each) => each.level !== 'ok');
    expect(wrong).toEqual([{ check, level, found: expect.stringMatching(found), remedy: expect.any(String) }]);
  });

  it("that it is Traefik's own certificate, as the settings say, and no more of it", () => {
    const facts = factsOf({ outside: seen({ domain: NAME, look: { ...well, ...secure({ isForName: false, subject: 'CN=TRAEFIK DEFAULT CERT', hsts: undefined }) } }), scenario: { spec: { https: { name: NAME, selfSigned: true } } } });
    expect(checkOutside(facts).filter(({ level }) => level !== 'ok').map(({ check, level, found }) => [check, level, found])).toEqual([['certificate', 'warning', `${NAME} shows Traefik's own, as https.mode self-signed says: SDKs and browsers refuse it`]]);
  });

  it('that there is nothing to look at, where the address is plain', () => {
    expect(checkOutside(factsOf({ outside: seen({ domain: 'http://localhost:9090' }) }))).toMatchObject([{ check: 'outside', level: 'warning' }]);
  });

  describe('where Traefik serves it, of its address', () => {
    const [V4, V6, OTHER_V4, OTHER_V6] = ['203.0.113.5', '2001:db8::5', '198.51.100.7', '2001:db8:1::7'];
    const hosts = (...addresses: readonly string[]) => seen([objects.node.parse({ metadata: { name: 'host' }, status: { addresses: [{ type: 'Hostname', address: 'host' }, ...addresses.map((address) => ({ type: address.includes('.5') ? 'ExternalIP' : 'InternalIP', address }))] } })]);
    const ofName = (nodes: Facts['nodes'], addresses: readonly string[], spec: object = { https: { name: NAME } }) =>
      checkOutside(factsOf({ nodes, outside: seen({ domain: NAME, look: { ...well, addresses: seen(addresses) } }), scenario: { spec } })).filter(({ check }) => check === 'DNS').map(({ level, found }) => [level, found]);

    it.each<[string, Facts['nodes'], readonly string[], readonly string[]]>([
      ["it is the node's", hosts(V4), [V4], []],
      ["it is the node's, written otherwise", hosts('2001:DB8:0::5'), [V6], []],
      ['it is of one node of two', hosts(V4, '203.0.113.6'), [V4], []],
      ['it is private, and so is another finding', hosts(V4), ['192.168.1.25'], []],
      ['it is of another host', hosts(V4, '10.0.0.5'), [OTHER_V4], [OTHER_V4]],
      ['both are of another host', hosts(V4), [OTHER_V4, OTHER_V6], [OTHER_V4, OTHER_V6]],
      ['the one by IPv6 is of another host', hosts(V4, V6), [V4, OTHER_V6], [OTHER_V6]],
      ['the one by IPv6 is perhaps of this host, whose nodes say none', hosts(V4), [V4, V6], []],
    ])('%s', (_, nodes, addresses, strangers) => {
      const told = ofName(nodes, addresses).filter(([, found]) => found?.includes('no address of') === true);
      expect(told).toEqual(strangers.length === 0 ? [] : [['warning', expect.stringContaining(`${NAME} is ${strangers.join(', ')}: no address of this cluster's nodes (${V4}`)]]);
    });

    it.each<[string, Facts['nodes']]>([['behind NAT', hosts('10.0.0.5')], ['to who may not look at nodes', notSeen('forbidden')]])('that nothing is known of it, %s', (_, nodes) => {
      expect(ofName(nodes, [OTHER_V4])).toEqual([['ok', `${NAME} is ${OTHER_V4}; whether that leads here is not known, for no public address of a node is known`]]);
    });

    it.each<[string, object]>([['a tunnel', { tunnel: {} }], ['a proxy of somebody', {}]])('nothing of this host, where %s leads here', (_, spec) => {
      expect(ofName(hosts(V4), [OTHER_V4], spec)).toEqual([['ok', `${NAME} is ${OTHER_V4}`]]);
    });
  });

  it('nothing unless it was asked', () => expect(checkOutside(factsOf())).toEqual([]));
});

describe('a look from outside', () => {
  const servers: Server[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));
  const listen = async (server: Server) => {
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };

  it.each([['localhost', true], ['traefik.default', false]])('sees the redirect, HSTS, and the certificate of %s, which no authority signed', async (subject, isForName) => {
    const { certificate, key } = await selfSignedFor(subject);
    const plain = await listen(createPlain((_, response) => response.writeHead(308, { location: 'https://localhost/' }).end()));
    const port = await listen(createSecure({ cert: certificate, key }, (_, response) => response.writeHead(200, { 'strict-transport-security': 'max-age=31536000' }).end('ok')));
    const look = await lookFromOutside('localhost', { plain, secure: port });
    expect(look.plain).toEqual(seen({ status: 308, location: 'https://localhost/' }));
    expect(look.secure).toMatchObject({ seen: true, value: { status: 200, hsts: 'max-age=31536000', subject: `CN=${subject}`, isForName } });
    if (isForName) expect(look.secure).toMatchObject({ value: { distrust: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
  });

  it.each<[string, string | undefined]>([['by Traefik', 'max-age=31536000'], ['by nobody', undefined]])('looks for HSTS at the paths of events, where the page is kept off the public name: it is sent %s', async (_, hsts) => {
    const { certificate, key } = await selfSignedFor('localhost');
    const plain = await listen(createPlain((_request, response) => response.writeHead(301, { location: 'https://localhost/' }).end()));
    const secure = await listen(createSecure({ cert: certificate, key }, ({ method, url }, response) => {
      const isOfEvents = method === 'OPTIONS' && url === '/api/0/envelope/';
      response.writeHead(isOfEvents ? 200 : 404, isOfEvents && hsts !== undefined ? { 'strict-transport-security': hsts } : {}).end();
    }));
    expect((await lookFromOutside('localhost', { plain, secure })).secure).toMatchObject({ seen: true, value: { status: 200, hsts, isForName: true } });
  });

  it('says of each why there is no answer', async () => {
    const port = await listen(createPlain());
    servers.splice(0).forEach((server) => server.close());
    expect(await lookFromOutside('localhost', { plain: port, secure: port })).toMatchObject({ addresses: { seen: true }, plain: { seen: false, why: 'ECONNREFUSED' }, secure: { seen: false, why: 'ECONNREFUSED' } });
    // Too long for a name, so that no server is asked.
    expect(await lookFromOutside(`${'a'.repeat(64)}.invalid`)).toMatchObject({ addresses: { seen: false }, secure: { seen: false } });
  });
});
