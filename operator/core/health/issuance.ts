// How far cert-manager has come with the certificate of the public name: its newest order, that one's challenges, and the Issuer. Pure.
import type { IssuanceFacts } from './health-facts.js';

export interface Order {
  readonly metadata: { readonly name: string; readonly creationTimestamp?: string };
  readonly spec?: { readonly dnsNames?: readonly string[] };
  /** state: undefined while the ACME server has not taken the order. */
  readonly status?: { readonly state?: string; readonly reason?: string };
}

export interface Challenge {
  readonly metadata: { readonly name: string; readonly creationTimestamp?: string; readonly ownerReferences?: readonly { readonly name: string }[] };
  readonly status?: { readonly state?: string; readonly reason?: string };
}

export interface Issuer {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[] };
}

/** What cert-manager has in the namespace. */
export interface IssuanceObjects {
  readonly orders: readonly Order[];
  readonly challenges: readonly Challenge[];
  /** Undefined: it asks a ClusterIssuer, or there is none. */
  readonly issuer: Issuer | undefined;
}

/** States of an order that is over, and came to nothing. */
const FAILED: readonly string[] = ['invalid', 'expired', 'errored'];

export function readIssuance(name: string, { orders, challenges, issuer }: IssuanceObjects): IssuanceFacts {
  // Without a ready Issuer there is no order, or an old one.
  const refusal = refusalOf(issuer);
  if (refusal !== undefined) return { kind: 'failed', reason: `its Issuer is not ready: ${refusal}` };
  const newest = orders.filter(({ spec }) => spec?.dnsNames?.includes(name)).sort(byAge).at(-1);
  return newest === undefined ? { kind: 'none' } : judgeOrder(newest, reasonOf(newest, challenges));
}

function judgeOrder(order: Order, reason: string | undefined): IssuanceFacts {
  const state = order.status?.state;
  if (state === 'valid') return { kind: 'none' };
  if (state === undefined) return underWay(order, reason ?? 'the ACME server has not taken the order');
  return FAILED.includes(state) ? { kind: 'failed', reason: reason ?? `the order is ${state}` } : underWay(order, reason ?? 'nobody says why');
}

function underWay({ metadata }: Order, reason: string): IssuanceFacts {
  return { kind: 'under way', since: new Date(metadata.creationTimestamp ?? 0), reason };
}

function refusalOf(issuer: Issuer | undefined): string | undefined {
  return issuer?.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'False')?.message;
}

/** The challenge's is the more exact: the order says which challenge failed. */
function reasonOf({ metadata: { name }, status }: Order, challenges: readonly Challenge[]): string | undefined {
  const own = challenges.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.name === name)).sort(byAge);
  return [own.findLast((challenge) => (challenge.status?.reason ?? '') !== '')?.status?.reason, status?.reason].find((text) => text !== undefined && text !== '');
}

/** The instants of Kubernetes sort as texts. */
function byAge({ metadata: one }: Order | Challenge, { metadata: other }: Order | Challenge): number {
  return (one.creationTimestamp ?? '') < (other.creationTimestamp ?? '') ? -1 : 1;
}
