// What a Secret says of its certificate: one that is not there is known, one that may not be read is not.
import { describe, expect, it } from '@jest/globals';
import type { ObservedSecret } from '../../../../../operator/core/credentials/observed.js';
import { readCertificate } from '../../../../../operator/io/kubernetes/certificate-expiry.js';
import { expiringIn } from '../../../../support/certificate.js';
import { ABSENT, present, UNREADABLE } from '../../operator-scenarios.js';

describe('a certificate', () => {
  it.each<[string, ObservedSecret, object]>([
    ['whose Secret does not exist', ABSENT, { kind: 'missing', secret: 'web-tls', why: 'does not exist' }],
    ['whose Secret is empty', present({}), { kind: 'missing', secret: 'web-tls', why: 'has no tls.crt' }],
    ['that is none', present({ 'tls.crt': 'garbage' }), { kind: 'missing', secret: 'web-tls', why: 'has a tls.crt that is no certificate' }],
    ['whose Secret may not be read', UNREADABLE, { kind: 'unseen', why: '403 Forbidden' }],
  ])('%s', (_, secret, wanted) => expect(readCertificate('web-tls', secret)).toEqual(wanted));

  it('that is one says from when until when it is valid', async () => {
    const { certificate } = await expiringIn(60);
    const seen = readCertificate('web-tls', present({ 'tls.crt': certificate }));
    expect(seen).toEqual({ kind: 'seen', secret: 'web-tls', startsAt: expect.any(Date), endsAt: expect.any(Date) });
    if (seen.kind === 'seen') expect(Math.round((seen.endsAt.getTime() - seen.startsAt.getTime()) / 86_400_000)).toBe(90);
  });
});
