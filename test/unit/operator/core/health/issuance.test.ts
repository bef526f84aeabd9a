// What cert-manager's objects say of the certificate of the public name.
import { describe, expect, it } from '@jest/globals';
import { readIssuance, type Challenge, type IssuanceObjects, type Order } from '../../../../../operator/core/health/issuance.js';

const NAME = 'errors.example.com';
const AT = '2026-06-01T12:00:00Z';
const EARLIER = '2026-06-01T11:00:00Z';
const order = (status: Order['status'], { name = 'one', at = AT, dnsNames = [NAME] } = {}): Order => ({ metadata: { name, creationTimestamp: at }, spec: { dnsNames }, ...(status ? { status } : {}) });
const challenge = (reason: string, { of = 'one', at = AT } = {}): Challenge => ({ metadata: { name: `${of}-1`, creationTimestamp: at, ownerReferences: [{ name: of }] }, status: { state: 'pending', reason } });
const issuer = (status: string, message: string) => ({ status: { conditions: [{ type: 'Ready', status, message }] } });
const read = (objects: Partial<IssuanceObjects>) => readIssuance(NAME, { orders: [], challenges: [], issuer: undefined, ...objects });

describe('the certificate of the public name', () => {
  it.each<[string, Partial<IssuanceObjects>]>([
    ['nobody asked for it yet', {}],
    ['its order is valid', { orders: [order({ state: 'valid' })] }],
    ['the newest of its orders is valid', { orders: [order({ state: 'valid' }), order({ state: 'errored', reason: 'old' }, { name: 'zero', at: EARLIER })] }],
    ['orders are for others', { orders: [order({ state: 'invalid' }, { dnsNames: ['other.example.com'] })] }],
    ['the Issuer is ready', { issuer: issuer('True', 'The ACME account was registered') }],
  ])('needs nothing where %s', (_, objects) => expect(read(objects)).toEqual({ kind: 'none' }));

  it.each<[string, Partial<IssuanceObjects>, string]>([
    ['the challenge, where that says more than the order', { orders: [order({ state: 'pending', reason: 'of the order' })], challenges: [challenge('exceeded quota: budget, requested: services.nodeports=1')] }, 'exceeded quota: budget, requested: services.nodeports=1'],
    ['the order, where the challenge says nothing', { orders: [order({ state: 'pending', reason: 'of the order' })], challenges: [challenge('')] }, 'of the order'],
    ['nobody, and the ACME server has not taken the order', { orders: [order(undefined)] }, 'the ACME server has not taken the order'],
    ['nobody, and a challenge of another order is none of this one\'s', { orders: [order({ state: 'pending' })], challenges: [challenge('of another', { of: 'two' })] }, 'nobody says why'],
  ])('is under way, and why it takes so long says %s', (_, objects, reason) => expect(read(objects)).toEqual({ kind: 'under way', since: new Date(AT), reason }));

  it.each<[string, Partial<IssuanceObjects>, string]>([
    ['its order is invalid', { orders: [order({ state: 'invalid', reason: 'Failed to finalize' }), order({ state: 'valid' }, { name: 'zero', at: EARLIER })] }, 'Failed to finalize'],
    ['the authority takes no more orders', { orders: [order({ state: 'errored', reason: 'Failed to create Order: 429 urn:ietf:params:acme:error:rateLimited' })] }, 'Failed to create Order: 429 urn:ietf:params:acme:error:rateLimited'],
    ['its order expired without a word', { orders: [order({ state: 'expired' })] }, 'the order is expired'],
    ['its Issuer is not ready', { issuer: issuer('False', 'Failed to register ACME account: 400 invalidContact') }, 'its Issuer is not ready: Failed to register ACME account: 400 invalidContact'],
  ])('came to nothing where %s', (_, objects, reason) => expect(read(objects)).toEqual({ kind: 'failed', reason }));
});
