// What is told while the cluster cannot be worked with: the API server is silent, refuses the operator, or keeps nothing of what it writes.
import { HEALTH_REASONS as R } from '../../api/health-reasons.js';
import type { IncidentStatus } from '../../api/health-fields.js';
import type { Cause } from '../health/root-cause.js';
import { diagnoseBlind } from '../health/diagnose.js';
import { API_PARTS, keyOf } from './cause-relations.js';

/** `silent`: no answer; `refuses`: it answers and lets the operator see nothing; `keeps nothing`: all can be seen, and nothing be written. */
export interface Trouble {
  readonly kind: 'silent' | 'refuses' | 'keeps nothing';
  readonly why: string;
}

export interface Blindness {
  readonly trouble: Trouble;
  /** For how long by now. */
  readonly seconds: number;
  readonly open: readonly IncidentStatus[];
  /** What was diagnosed all the same; undefined when nothing could be seen. */
  readonly seen?: readonly Cause[];
}

/** The trouble itself, and what else is wrong: as it was seen, or as it was before. */
export function causesOf({ trouble, seconds, open, seen }: Blindness): readonly Cause[] {
  const [silent, ...before] = diagnoseBlind(trouble.why, seconds, open);
  const asBefore = before.map((cause) => ({ ...cause, explains: open.find((each) => keyOf(each) === keyOf(cause))?.explains ?? [] }));
  return [...(silent ? [{ ...silent, ...wordsOf(trouble, seconds) }] : []), ...(seen ?? asBefore)];
}

function wordsOf({ kind, why }: Trouble, seconds: number): Partial<Pick<Cause, 'part' | 'message' | 'advice'>> {
  const since = `for ${Math.round(seconds)} s`;
  switch (kind) {
    case 'silent': return {};
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

/** A repair that was announced is not made now; one check without an answer is no reason to change a message for it. */
export function healingsOf(open: readonly IncidentStatus[]): ReadonlyMap<string, string> {
  const isTold = open.some(({ reason }) => reason === R.KubernetesUnreachable);
  return new Map(open.flatMap((each) => (each.healing === undefined ? [] : [[keyOf(each), isTold ? IDLE : each.healing] as const])));
}
