// `glitchkeeper doctor`: looks at a cluster from the outside in, and says of each thing what is wrong and what helps.
import { examine } from '../doctor/all-checks.js';
import { gatherFacts } from '../doctor/gathered-facts.js';
import { failure, type Finding } from '../doctor/check-result.js';
import { countLevels, renderFindings } from '../doctor/findings-table.js';
import { Failure } from '../failure.js';
import type { Context, ExitCode } from './command-context.js';

/** @param outside look at the public name, too: DNS, ports, certificate */
export async function doctor({ place, output }: Context, outside = false): Promise<ExitCode> {
  const { findings, reached } = await diagnose(place, outside);
  const counts = countLevels(findings);
  if (output.json) output.printJson({ namespace: place.namespace, name: place.name, counts, findings });
  else output.print(renderFindings(findings, output.paint));
  if (!reached) return 2;
  return counts.failure === 0 ? 0 : 1;
}

/** Findings even of a cluster that does not answer: one, that it does not. */
export async function diagnose(place: Context['place'], outside = false): Promise<{ readonly findings: readonly Finding[]; readonly reached: boolean }> {
  try {
    return { findings: examine(await gatherFacts(place, new Date(), outside)), reached: true };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { findings: [failure('kube context', error.message, REMEDIES[error.kind] ?? 'kubectl version says more')], reached: false };
  }
}

const REMEDIES: Partial<Record<Failure['kind'], string>> = {
  unreachable: 'is the host up, is k3s running (systemctl status k3s), does a firewall or a tunnel stand between?',
  unauthorized: 'the kubeconfig is of another cluster or has expired: copy it anew (k3s: /etc/rancher/k3s/k3s.yaml)',
  'no context': 'kubectl config get-contexts lists what there is',
  'no kubectl': 'install kubectl',
};
