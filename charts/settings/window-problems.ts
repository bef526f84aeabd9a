// What the gateway gives GlitchTip at once is made for the worker's default limit: with less, large events kill it again and again.
import { MEBIBYTE, parseMemory } from '../quantity.js';

/**
 * Mebibytes with which WINDOW in gateway/gateway.ts is held. `worker`: measured on GlitchTip 5.2. `single`, the one process of profile tiny, and 6.2's
 * worker: their defaults, with which the double was run; nobody has measured the real ones.
 */
export const HOLDS_WINDOW = { worker: 250, single: 400 } as const;

interface Limited {
  readonly profile: 'classic' | 'tiny';
  readonly gateway: { readonly enabled: boolean };
  readonly resources: Readonly<Record<keyof typeof HOLDS_WINDOW, { readonly limits: { readonly memory: string } }>>;
}

export function windowProblems({ profile, gateway, resources }: Limited): readonly { readonly path: readonly string[]; readonly message: string }[] {
  const part = profile === 'tiny' ? 'single' : 'worker';
  const found = resources[part].limits.memory;
  const [least, limit] = [HOLDS_WINDOW[part], parseMemory(found)];
  // What is no quantity was said already.
  if (!gateway.enabled || limit === undefined || limit >= least * MEBIBYTE) return [];
  return [{ path: ['resources', part, 'limits', 'memory'], message: `expected at least ${least}Mi with the gateway, which gives it up to 2.5 MB of events at once; found ${found}` }];
}
