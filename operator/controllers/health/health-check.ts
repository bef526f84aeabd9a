// One check of one resource: what it is about and what was seen.
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { Facts } from '../../core/health/health-facts.js';

export interface Check {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  readonly facts: Facts;
  readonly now: Date;
  readonly signal: AbortSignal;
}
