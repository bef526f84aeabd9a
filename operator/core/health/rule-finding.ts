// A finding: what one rule says, before it is known which of the findings is the root of the others.
import type { Severity } from '../../api/health-fields.js';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { HealthReason } from '../../api/health-reasons.js';
import type { Cause } from './root-cause.js';
import type { Facts } from './health-facts.js';

export interface Finding extends Omit<Cause, 'explains'> {
  /** How it reads as the consequence of something else: "web answers 500". */
  readonly symptom: string;
  /** It is as planned, a start or a queue that is being worked off: it explains others, and is not reported itself. */
  readonly quiet?: boolean;
}

/** The input of a rule. */
export interface CheckInput {
  readonly facts: Facts;
  readonly spec: GlitchTipSpec;
  readonly now: Date;
}

export type Rule = (input: CheckInput) => readonly Finding[];

/** Everything but the message has a shorter way to be said. */
export function finding(reason: HealthReason, part: string, severity: Severity, words: Pick<Finding, 'message' | 'advice' | 'symptom'> & Partial<Pick<Finding, 'healing' | 'obstacle' | 'quiet'>>): Finding {
  return { reason, part, severity, ...words };
}

export function secondsSince(at: Date, now: Date): number {
  return Math.max(0, (now.getTime() - at.getTime()) / 1_000);
}

/** 45 s, 12 min, 3.5 h, 2 days. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3_600).toFixed(1)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** 312Mi, 1.9Gi. */
export function bytes(amount: number): string {
  return amount < 2 ** 30 ? `${Math.round(amount / 2 ** 20)}Mi` : `${(amount / 2 ** 30).toFixed(1)}Gi`;
}

export function percent(part: number, whole: number): string {
  return `${Math.floor((part / whole) * 100)} %`;
}
