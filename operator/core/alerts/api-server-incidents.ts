// Causes to report while the API server does not answer, refuses the operator, or accepts no writes.
import { HEALTH_REASONS as R } from '../../api/health-reasons.js';
import type { IncidentStatus } from '../../api/health-fields.js';
import type { Cause } from '../health/root-cause.js';
import { diagnoseUnreachable } from '../health/diagnose.js';
import { API_PARTS, keyOf } from './cause-relations.js';

/** `silent`: no answer; `expired`, `untrusted`: what its certificate is; `refuses`: 401, 403 or 429; `keeps nothing`: reads work and writes do not. */
export interface ApiServerTrouble {
  readonly kind: 'silent' | 'expired' | 'untrusted' | 'refuses' | 'keeps nothing';
  readonly why: string;
}

export interface ApiServerOutage {
  readonly trouble: ApiServerTrouble;
  /** Its duration so far. */
  readonly seconds: number;
  readonly open: readonly IncidentStatus[];
  /** What was diagnosed nevertheless; undefined when nothing could be observed. */
  readonly seen?: readonly Cause[];
}

/** The outage itself, and the other causes: as observed now, or as they were before. */
export function causesOf({ trouble, seconds, open, seen }: ApiServerOutage): readonly Cause[] {
  const [silent, ...before] = diagnoseUnreachable(trouble.why, seconds, open);
  const asBefore = before.map((cause) => ({ ...cause, explains: open.find((each) => keyOf(each) === keyOf(cause))?.explains ?? [] }));
  return [...(silent ? [{ ...silent, ...wordsOf(trouble, seconds) }] : []), ...(seen ?? asBefore)];
}

function wordsOf({ kind, why }: ApiServerTrouble, seconds: number): Partial<Pick<Cause, 'part' | 'message' | 'advice'>> {
  const since = `for ${Math.round(seconds)} s`;
  switch (kind) {
    case 'silent': return {};
    case 'expired': return {
      part: API_PARTS.certificate,
      message: `The certificate of the API server is not valid at this time, as seen ${since} (${why}): nothing can be seen or repaired.`,
      advice: 'On the host: systemctl restart k3s, which renews what has expired, and date: a wrong clock looks the same.',
    };
    case 'untrusted': return {
      part: API_PARTS.certificate,
      message: `The certificate of the API server has not been signed by the authority that the operator was given ${since} (${why}): nothing can be seen or repaired.`,
      advice: 'After k3s certificate rotate-ca the kubelet brings the new authority within minutes. If it lasts: on the host systemctl restart k3s, then kubectl rollout restart deployment/glitchkeeper.',
    };
    case 'refuses': return {
      part: API_PARTS.access,
      message: `The API server has answered and refused the operator ${since} (${why}): nothing can be seen or repaired.`,
      advice: 'See whether the operator has its Role and its token: kubectl apply -f dist/ brings the first back, a new pod the second.',
    };
    case 'keeps nothing': return {
      part: API_PARTS.writes,
      message: `The API server answers, but has not let the operator write down what it must not forget ${since} (${why}): nothing is repaired or rotated.`,
      advice: 'On the host: df -h, journalctl -u k3s -e. In the cluster: quotas, webhooks, and the rights of the operator on Leases and ConfigMaps.',
    };
  }
}

const IDLE = 'repairs nothing while it cannot write to Kubernetes.';

/** An announced repair is not made now; a single check without an answer does not change the message. */
export function repairTextsOf(open: readonly IncidentStatus[]): ReadonlyMap<string, string> {
  const isReported = open.some(({ reason }) => reason === R.KubernetesUnreachable);
  return new Map(open.flatMap((each) => (each.healing === undefined ? [] : [[keyOf(each), isReported ? IDLE : each.healing] as const])));
}
