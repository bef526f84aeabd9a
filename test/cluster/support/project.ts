// A project in the running GlitchTip that events can be sent to, made over a port-forward as a person would.
import { forward } from '../../../cli/port-forward.js';
import { SECRETS } from '../../../charts/part-names.js';
import { freePort } from '../../api/control-plane.js';
import { provision, type Provisioned } from '../../sdk/provision.js';
import type { Stack } from './stack.js';

/** Opens localhost:PORT to web while `work` runs. */
export async function withForward<T>(stack: Stack, work: (baseUrl: string) => Promise<T>): Promise<T> {
  const { binaries, kubeconfigPath } = stack.cluster;
  const target = { kubectl: binaries.kubectl, cluster: ['--kubeconfig', kubeconfigPath], description: stack.name };
  const local = await freePort();
  const forwarding = forward(target, { namespace: stack.namespace, service: 'web', local, remote: 8080 });
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
