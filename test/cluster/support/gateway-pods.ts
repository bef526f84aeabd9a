// The gateway's pod replaced, and its control port asked, as a person and the operator do.
import { CONTROL_PORT, CONTROL_SECRET, CONTROL_SERVICE, CONTROL_TOKEN } from '../../../gateway/control/control-answers.js';
import { withForward } from './project.js';
import type { Stack } from './stack.js';

/** Resolves when the new pod alone is there, whatever else is away. @param change of the Deployment @default none: new pods of the same kind */
export async function rollGateway(stack: Stack, ...change: readonly string[]): Promise<void> {
  const { container } = await stack.pod('gateway');
  await stack.kubectl(...(change.length > 0 ? change : ['rollout', 'restart', 'deployment/gateway']));
  await stack.kubectl('rollout', 'status', 'deployment/gateway', '--timeout=180s');
  await stack.kubectl('wait', '--for=delete', `pod/${container.pod}`, '--timeout=90s');
}

/** Nothing is given to GlitchTip while `work` runs. */
export async function whileHeld<T>(stack: Stack, why: string, work: () => Promise<T>): Promise<T> {
  await askControl(stack, { method: 'PUT', body: JSON.stringify({ why }) });
  try {
    return await work();
  } finally {
    await askControl(stack, { method: 'DELETE' });
  }
}

async function askControl(stack: Stack, request: { readonly method: string; readonly body?: string }): Promise<void> {
  const token = await stack.secret(CONTROL_SECRET, CONTROL_TOKEN);
  await withForward(stack, async (baseUrl) => {
    const answer = await fetch(`${baseUrl}/hold`, { ...request, headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${request.method} /hold: ${answer.status} ${await answer.text()}`);
  }, { service: CONTROL_SERVICE, remote: CONTROL_PORT });
}
