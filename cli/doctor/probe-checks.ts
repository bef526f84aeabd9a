// doctor: the probes as they are deployed: a wrong one restarts what is well, or never lets it start.
import { failure, ok, onSight, oneOrEach, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import { mainContainer, webContainer } from './address-checks.js';
import { variable, type Container, type Probe, type Service, type Workload } from './kubernetes-objects.js';

const REMEDY = 'npm run synth && kubectl apply -f dist/ sets it';
const PATH = '/_health/';
/** Seconds, as charts/parts/web.ts sets it. */
const TIMEOUT = 10;
const START_PERIOD = 60;
/** Programs and hosts of other parts: a liveness probe that asks one of them restarts this part for the outage of that one. */
const DEPENDENCY = /celery\b.*\binspect|redis-cli -h|valkey-cli -h|pg_isready -h|psql\b|(\/\/|@|-h )(postgres|valkey|redis|web)\b/;

export function checkProbes(facts: Facts): readonly Finding[] {
  return [
    ...onSight('probes of web', webContainer(facts), (web) => oneOrEach(ok('probes of web', `${PATH}, ${TIMEOUT} s, ${START_PERIOD} s to start`), webProblems(web))),
    ...onSight('port of web', webContainer(facts), (web) => checkPort(web, facts)),
    ...onSight('other probes', facts.workloads, (all) => oneOrEach(ok('other probes', 'none asks another part'), otherProblems(all))),
  ];
}

function webProblems(web: Container): readonly Finding[] {
  const probes = [['startup', web.startupProbe], ['readiness', web.readinessProbe], ['liveness', web.livenessProbe]] as const;
  return [
    ...probes.flatMap(([name, probe]) => probe === undefined ? [failure('probes of web', `no ${name} probe`, REMEDY)] : probeProblems(name, probe)),
    ...startProblems(web.startupProbe),
  ];
}

function probeProblems(name: string, { httpGet, timeoutSeconds }: Probe): readonly Finding[] {
  return [
    ...(httpGet === undefined || httpGet.path === PATH ? [] : [failure('probes of web', `the ${name} probe asks ${httpGet.path}, which ${httpGet.path === '/api/0/health/' ? 'does not exist' : 'may depend on other parts'}`, REMEDY)]),
    ...(httpGet === undefined ? [warning('probes of web', `the ${name} probe does not ask over HTTP`, REMEDY)] : []),
    ...(timeoutSeconds < TIMEOUT ? [warning('probes of web', `the ${name} probe waits ${timeoutSeconds} s: under load web answers later, and is ${name === 'liveness' ? 'restarted' : 'taken out'} for it`, REMEDY)] : []),
  ];
}

function startProblems(startup: Probe | undefined): readonly Finding[] {
  const seconds = startup === undefined ? START_PERIOD : startup.periodSeconds * startup.failureThreshold;
  return seconds >= START_PERIOD ? [] : [warning('probes of web', `web has ${seconds} s to start, and is restarted before it is up`, REMEDY)];
}

/** What web listens on, what its container declares, what probes and Service ask: all the same port, or none answers. */
function checkPort(web: Container, { services, resource }: Facts): readonly Finding[] {
  const listens = variable(web, 'GRANIAN_PORT') ?? variable(web, 'PORT');
  const declared = web.ports.map(({ containerPort }) => String(containerPort));
  const port = listens ?? declared[0] ?? '?';
  const asked = [web.startupProbe, web.readinessProbe, web.livenessProbe].flatMap((probe) => probe?.httpGet === undefined ? [] : [resolvePort(web, probe.httpGet.port)]);
  const name = (resource.seen ? resource.value?.spec.web.host.split('.')[0] : undefined) ?? 'web';
  const service = services.seen ? services.value.find(({ metadata }) => metadata.name === name) : undefined;
  return oneOrEach(ok('port of web', port), [
    ...(declared.includes(port) ? [] : [failure('port of web', `web listens on ${port}, its container declares ${declared.join(', ') || 'none'}`, REMEDY)]),
    ...[...new Set(asked)].filter((one) => one !== port).map((one) => failure('port of web', `web listens on ${port}, its probes ask ${one}`, REMEDY)),
    ...servicePorts(web, service).filter((one) => one !== port).map((one) => failure('port of web', `web listens on ${port}, its Service sends to ${one}`, REMEDY)),
  ]);
}

function servicePorts(web: Container, service: Service | undefined): readonly string[] {
  return (service?.spec.ports ?? []).map(({ port, targetPort }) => resolvePort(web, targetPort ?? port));
}

function resolvePort({ ports }: Container, port: string | number): string {
  return String(ports.find(({ name }) => name === port)?.containerPort ?? port);
}

function otherProblems(workloads: readonly Workload[]): readonly Finding[] {
  return ['worker', 'postgres', 'valkey', 'gateway', 'tunnel'].flatMap((part) => {
    const container = mainContainer(workloads, part);
    if (container === undefined) return [];
    const { livenessProbe } = container;
    if (livenessProbe === undefined) return [warning('other probes', `${part} has no liveness probe: what is stuck stays stuck`, REMEDY)];
    const command = livenessProbe.exec?.command.join(' ') ?? '';
    return DEPENDENCY.test(command) ? [failure('other probes', `the liveness probe of ${part} asks another part: its outage restarts ${part}`, REMEDY)] : [];
  });
}
