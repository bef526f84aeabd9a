// Asks for cert-manager's orders and challenges of the namespace, and for the Issuer of ours; nothing of it is ever written.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { IssuanceFacts } from '../../core/health/health-facts.js';
import { readIssuance, type Challenge, type Issuer, type Order } from '../../core/health/issuance.js';
import type { KubernetesApi } from './api-client.js';
import { absentAsUndefined } from './api-error.js';
import { seen } from './cluster-observer.js';

export async function observeIssuance(api: KubernetesApi, namespace: string, { https }: Pick<GlitchTipSpec, 'https'>, signal: AbortSignal): Promise<IssuanceFacts> {
  if (https?.certManager === undefined) return { kind: 'none' };
  const { name, certManager: { issuer } } = https;
  const [acme, own] = ['acme.cert-manager.io', 'cert-manager.io'].map((group) => `/apis/${group}/v1/namespaces/${namespace}`);
  const found = await seen(Promise.all([
    api.list<Order>(`${acme}/orders`, signal),
    api.list<Challenge>(`${acme}/challenges`, signal),
    issuer === undefined ? undefined : absentAsUndefined(api.get<Issuer>(`${own}/issuers/${issuer}`, signal)),
  ]));
  signal.throwIfAborted();
  if (found.kind === 'unseen') return found;
  const [orders, challenges, one] = found.value;
  return readIssuance(name, { orders, challenges, issuer: one });
}
