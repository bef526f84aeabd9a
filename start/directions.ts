// The last lines of `npm start`: where GlitchTip is, who signs in, how to look, how to stop. Pure.
import { SECRETS } from '../charts/part-names.js';
import type { Settings } from '../charts/settings/schema.js';
import { kubectlCommand } from '../cli/kubectl.js';
import type { ChosenCluster } from './target-cluster.js';

export interface Choices {
  /** Local port of the port-forward. */
  readonly port: number;
  /** Ctrl-C leaves the embedded cluster. */
  readonly keep: boolean;
}

export function directions(cluster: Omit<ChosenCluster, 'remove'>, { namespace, administrator }: Pick<Settings, 'namespace'> & { readonly administrator: Pick<Settings['administrator'], 'email'> }, { port, keep }: Choices): string {
  const command = kubectlCommand(cluster);
  return [
    ...cluster.doubles.map((image) => `NOTE: ${image} was made on this machine (no registry, or GLITCHKEEPER_IMAGES=local). It is the tests' double, not GlitchTip (test/glitchtip-double/README.md).\n`),
    `GlitchTip:      http://localhost:${port}`,
    `sign in as:     ${administrator.email}`,
    `password:       ${command} --namespace ${namespace} get secret ${SECRETS.administrator} --output jsonpath='{.data.password}' | base64 -d`,
    `status:         ${command} --namespace ${namespace} get gt,pods`,
    '',
    cluster.embedded && !keep ? 'Ctrl-C stops and removes the cluster and its data (--keep leaves it).' : 'Ctrl-C ends the port-forward; GlitchTip goes on running.',
  ].join('\n');
}
