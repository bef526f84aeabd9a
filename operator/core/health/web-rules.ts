// Rules about web: each of the ways in which it runs and is of no use has its own reason.
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import type { Answer, PodFacts, ProbeFacts } from './health-facts.js';
import { duration, finding, secondsSince, type Finding, type Rule, type CheckInput } from './rule-finding.js';
import { isWithinStart, partOf } from './part-state.js';

const R = HEALTH_REASONS;
/** After a restart of its container web listens within this. Seconds. */
export const LISTENS_AFTER = 15;

export const webRules: readonly Rule[] = [eachUnreadyPod, serviceLeadsElsewhere, silentWeb, slowWeb, hostNotAllowed, staticFiles];

function probedPods({ facts: { cluster, web } }: CheckInput): readonly { readonly pod: PodFacts; readonly probe: ProbeFacts; readonly answer: Answer }[] {
  const pods = cluster.pods.kind === 'seen' ? cluster.pods.value : [];
  return web.pods.flatMap(({ pod: name, answer }) => {
    const pod = pods.find((each) => each.name === name);
    return pod?.probe ? [{ pod, probe: pod.probe, answer }] : [];
  });
}

/** The probe of a pod that should be Ready by now and is not, asked as the kubelet asks it. */
function eachUnreadyPod(input: CheckInput): readonly Finding[] {
  const severity = partOf(input.facts, 'web', input.now)?.isReady ? 'warning' : 'critical';
  for (const { pod, probe, answer } of probedPods(input)) {
    if (pod.ready || !isJudged(pod, input.now)) continue;
    const found = explainProbe(pod, probe, answer);
    if (found) return [{ ...found, severity }];
  }
  return [];
}

/** Past its start, and long enough after a restart to listen. */
export function isJudged(pod: PodFacts, now: Date): boolean {
  const main = pod.containers.find(({ init }) => !init);
  return main?.state.kind === 'running' && secondsSince(main.state.startedAt, now) >= LISTENS_AFTER && !isWithinStart(pod, now);
}

function explainProbe(pod: PodFacts, probe: ProbeFacts, answer: Answer): Finding | undefined {
  if (answer.kind === 'silent') return answer.code === 'ECONNREFUSED' ? portMismatch(`Pod ${pod.name} runs, and nothing listens on port ${probe.port}, which its probe asks.`) : undefined;
  if (answer.status === 400) return refusedHost(probe.host ?? pod.address ?? pod.name, `Pod ${pod.name} answers its own probe with 400`);
  return answer.seconds > probe.timeoutSeconds ? tooSlow(answer.seconds, probe.timeoutSeconds, pod.name) : undefined;
}

function portMismatch(message: string): Finding {
  return finding(R.PortMismatch, 'web', 'critical', {
    message,
    advice: 'PORT (GRANIAN_PORT on 6.x), the containerPort named http and the targetPort of the Service must be the same: kubectl diff -f dist/ shows what was changed by hand.',
    symptom: 'web listens on another port',
  });
}

function refusedHost(host: string, what: string): Finding {
  return finding(R.HostNotAllowed, 'web', 'critical', {
    message: `${what}: ALLOWED_HOSTS lacks ${host}.`,
    advice: 'Set domain in settings.yaml to the address that people use, and apply it; ALLOWED_HOSTS follows from it. It is pages that are refused: 6.2 takes events for any host.',
    symptom: `web refuses the host ${host}`,
  });
}

function tooSlow(seconds: number, timeout: number, pod: string): Finding {
  return finding(R.TimeoutTooShort, 'web', 'critical', {
    message: `Web answers /_health/ after ${seconds.toFixed(1)} s, and its probe waits for ${timeout} s.`,
    advice: `Give it more CPU (resources.web.limits.cpu in settings.yaml), or the probe its 10 s again: kubectl diff -f dist/; kubectl top pod ${pod} shows what it uses.`,
    symptom: 'web answers later than its probe waits',
  });
}

/** A pod is Ready and answers at its own address, and behind the Service there is nobody. */
function serviceLeadsElsewhere(input: CheckInput): readonly Finding[] {
  const { web } = input.facts;
  if (web.health.kind === 'answered') return [];
  const alive = probedPods(input).find(({ pod, answer }) => pod.ready && answer.kind === 'answered');
  return alive ? [portMismatch(`Pod ${alive.pod.name} answers on its port ${alive.probe.port}, and the Service ${input.spec.web.host}:${input.spec.web.port} does not (${web.health.code}).`)] : [];
}

/** No answer although a pod is Ready, or pods cannot be observed; without a Ready pod the rules of pods are more exact. */
function silentWeb({ facts, spec, now }: CheckInput): readonly Finding[] {
  const { health } = facts.web;
  const part = partOf(facts, 'web', now);
  if (part && !part.isReady) return [];
  const where = `${spec.web.host}:${spec.web.port}`;
  if (health.kind === 'answered' && (health.status < 400 || health.status === 400)) return [];
  const what = health.kind === 'answered' ? `answers /_health/ with ${health.status}` : `does not answer (${health.code} after ${duration(health.seconds)})`;
  return [finding(R.WebDown, 'web', 'critical', {
    message: `Web at ${where} ${what}${part ? ', though its pod is Ready' : ''}.`,
    advice: `kubectl logs deployment/${spec.web.deployment}, and kubectl get endpointslices -l kubernetes.io/service-name=${spec.web.host}.`,
    symptom: 'web does not answer',
  })];
}

/** Ready by luck: between two probes. */
function slowWeb(input: CheckInput): readonly Finding[] {
  const { facts: { web: { health }, cluster } } = input;
  const pods = cluster.pods.kind === 'seen' ? cluster.pods.value : [];
  const pod = pods.find(({ part, ready }) => part === 'web' && ready);
  if (health.kind !== 'answered' || !pod?.probe || health.seconds <= pod.probe.timeoutSeconds) return [];
  return [{ ...tooSlow(health.seconds, pod.probe.timeoutSeconds, pod.name), severity: 'warning' }];
}

function hostNotAllowed({ facts: { web } }: CheckInput): readonly Finding[] {
  if (web.health.kind === 'answered' && web.health.status === 400) return [refusedHost('localhost', 'Web answers /_health/ with 400')];
  if (web.domain?.answer.kind !== 'answered' || web.domain.answer.status !== 400) return [];
  return [refusedHost(web.domain.host, `Web answers requests for ${web.domain.host} with 400, and those for localhost with ${web.health.kind === 'answered' ? web.health.status : 'nothing'}`)];
}

function staticFiles({ facts: { web } }: CheckInput): readonly Finding[] {
  const isWell = web.health.kind === 'answered' && web.health.status === 200;
  const failed = [{ path: '/', answer: web.page }, { path: web.asset?.path ?? '', answer: web.asset?.answer }].find(({ answer }) => answer?.kind === 'answered' && (answer.status === 404 || answer.status >= 500));
  if (!isWell || failed?.answer?.kind !== 'answered') return [];
  return [finding(R.StaticFilesMissing, 'web', 'warning', {
    message: `Web answers ${failed.path} with ${failed.answer.status} while /_health/ is 200: the files of the front end are missing.`,
    advice: 'Use the official image or one that has /code/dist and /code/static in it (images.glitchtip in settings.yaml); no volume may hide /code/static.',
    symptom: `web answers ${failed.path} with ${failed.answer.status}`,
  })];
}
