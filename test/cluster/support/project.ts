// A project in the running GlitchTip that events can be sent to, made over a port-forward as a person would.
import { forward } from '../../../cli/port-forward.js';
import { SECRETS } from '../../../charts/part-names.js';
import { freePort } from '../../api/control-plane.js';
import { provision, type Provisioned } from '../../sdk/provision.js';
import type { Stack } from './stack.js';

/** The address of people and SDKs. */
const FRONT = { service: 'web', remote: 8080 };

/** Opens localhost:PORT to a Service while `work` runs. @param to @default web, port 8080 */
export async function withForward<T>(stack: Stack, work: (baseUrl: string) => Promise<T>, to: typeof FRONT = FRONT): Promise<T> {
  const { binaries, kubeconfigPath } = stack.cluster;
  const target = { kubectl: binaries.kubectl, cluster: ['--kubeconfig', kubeconfigPath], description: stack.name };
  const local = await freePort();
  const forwarding = forward(target, { namespace: stack.namespace, ...to, local });
  try {
    await forwarding.open();
    return await work(`http://localhost:${local}`);
  } finally {
    await forwarding.stop();
  }
}

export async function makeProject(stack: Stack): Promise<Provisioned> {
  const [email, password] = [await stack.secret(SECRETS.administrator, 'email'), await stack.secret(SECRETS.administrator, 'password')];
  return withForward(stack, (baseUrl) => provision({ baseUrl, email, password, project: 'pods' }));
}
