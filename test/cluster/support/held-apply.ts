// Manifests applied in the middle of a restore or an upgrade, as a GitOps loop does: pods of web and worker are made, and start nothing.
import { freeze } from './frozen.js';
import type { Part } from './parts.js';
import type { Stack, Synthesized } from './stack.js';
import { waitFor, when } from './wait.js';

/**
 * The operator is frozen meanwhile: it would scale them to nothing before they have said anything. Its kubelet ends it after about 80 s.
 * @throws Error when one of them does not say that it is held, and by whom
 */
export async function applyHeld(stack: Stack, by: 'restore' | 'upgrade', manifests?: Synthesized): Promise<void> {
  // One that was killed a moment ago is just being started.
  const goOn = await waitFor<() => void>({ what: 'an operator to freeze', seconds: 120, every: 0.5 }, async () => {
    const { container, startedAt } = await stack.pod('operator');
    return startedAt === undefined ? { seen: `${container.pod} does not run yet` } : { found: await freeze(stack, container) };
  });
  try {
    await stack.apply(manifests);
    await Promise.all((['web', 'worker'] as const).map((part) => saysHeld(stack, part, by)));
  } finally {
    goOn();
  }
}

async function saysHeld(stack: Stack, part: Part, by: string): Promise<void> {
  const wanted = new RegExp(`waiting: ${by} \\S+ holds web and worker`);
  await waitFor<true>({ what: `the new pod of ${part} to say that the ${by} holds it`, seconds: 120 }, async () => {
    const log = await stack.kubectl('logs', '--selector', `app.kubernetes.io/component=${part}`, '--container', 'wait-for-migrations', '--tail=20').catch(String);
    return when(wanted.test(log), log.slice(-300));
  });
}
