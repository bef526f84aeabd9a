// The rule about the Cloudflare Tunnel: is it connected?
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import type { TunnelFacts } from './health-facts.js';
import { explainDown, partOf, type Part } from './part-state.js';
import { finding, type CheckInput, type Finding, type Rule } from './rule-finding.js';

const R = HEALTH_REASONS;

export const tunnelRules: readonly Rule[] = [tunnelDown];

/** What it says itself is the more exact; what does not answer is told by its pods, where they can be seen. */
function tunnelDown({ facts, spec, now }: CheckInput): readonly Finding[] {
  const { tunnel } = facts;
  if (spec.tunnel === undefined || tunnel.kind === 'none' || (tunnel.kind === 'seen' && tunnel.connections > 0)) return [];
  const part = partOf(facts, 'tunnel', now);
  const why = whyDown(tunnel, part, now);
  if (why === undefined) return [];
  return [finding(R.TunnelDown, 'tunnel', 'critical', {
    message: `The tunnel is down: ${why}. SDKs and people outside reach nothing.`,
    advice: `kubectl logs deployment/${spec.tunnel.deployment} says why: no way out by port 7844, or a token that was revoked. Without a pod: is there a Secret with key token, as https.tunnel.secret names it?`,
    symptom: 'the tunnel is down',
    quiet: part?.isStarting === true && part.workload?.wanted !== 0,
  })];
}

/** Undefined: nobody knows whether it is. */
function whyDown(tunnel: Exclude<TunnelFacts, { kind: 'none' }>, part: Part | undefined, now: Date): string | undefined {
  if (tunnel.kind === 'seen') return 'it runs, and has no connection to Cloudflare';
  if (part === undefined) return undefined;
  return part.isReady ? `it does not answer (${tunnel.code})` : `it has no Ready pod: ${explainDown(part, now)}`;
}
