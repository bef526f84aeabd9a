// Asks for a rotation as a person does, and follows it to its end.
import { RESOURCE } from '../../../charts/part-names.js';
import { API_VERSION, ROTATE_ANNOTATION } from '../../../operator/api/object-names.js';
import { glitchTipStatus, type GlitchTipStatus } from '../../../operator/api/glitchtip-resource.js';
import type { Phase, RotationRecord } from '../../../operator/api/rotation-fields.js';
import type { Stack } from './stack.js';
import { waitFor } from './wait.js';

export async function glitchTip(stack: Stack): Promise<GlitchTipStatus> {
  const text = await stack.get(`/apis/${API_VERSION}/namespaces/${stack.namespace}/glitchtips/${RESOURCE}`);
  return glitchTipStatus.parse((JSON.parse(text) as { status?: unknown }).status ?? {});
}

/** One rotation, from the request on. */
export interface Ended extends RotationRecord {
  /** From the request to the end. */
  readonly seconds: number;
}

/**
 * Asks for a rotation and waits until it has ended, whatever the result.
 * @param during called with each phase as it is first seen
 */
export async function rotate(stack: Stack, request: string, { seconds = 300, during }: { seconds?: number; during?: (phase: Phase) => Promise<void> } = {}): Promise<Ended> {
  const before = await newest(stack);
  const asked = Date.now();
  await stack.kubectl('annotate', 'gt', RESOURCE, `${ROTATE_ANNOTATION}=${request}`);
  const seen = new Set<Phase>();
  // So often that no phase is missed.
  return waitFor<Ended>({ what: `the rotation "${request}" to end`, seconds, every: 0.5 }, async () => {
    const { rotation } = await glitchTip(stack);
    const { current, history = [] } = rotation ?? {};
    if (current && !seen.has(current.phase)) {
      seen.add(current.phase);
      await during?.(current.phase);
    }
    const [latest] = history;
    if (latest && latest.id !== before) return { found: { ...latest, seconds: (Date.now() - asked) / 1000 } };
    return { seen: current ? `${current.phase}: ${current.message}` : 'nothing yet' };
  });
}

async function newest(stack: Stack): Promise<string | undefined> {
  return (await glitchTip(stack)).rotation?.history?.[0]?.id;
}
