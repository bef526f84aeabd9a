import { describe, expect, it } from '@jest/globals';
import { CONFIG_HASH } from '../../charts/content-hash.js';
import { CONFIG_MAPS, GATEWAY, MIGRATE_TEMPLATE } from '../../charts/part-names.js';
import { RELEASES } from '../../operator/api/glitchtip-releases.js';
import { healthRelease } from '../../operator/core/health/release-facts.js';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { containerOf, find, podOf, renderStack, type Container, type Manifest } from './synthesize.js';

const manifests = renderStack();
const workloads = manifests.filter(({ spec }) => spec?.template !== undefined);
const containers = workloads.flatMap((manifest) => [...podOf(manifest).initContainers ?? [], ...podOf(manifest).containers]);
const variable = ({ env }: Container, name: string) => env?.find((each) => each.name === name)?.value;
const hashOf = (template: { metadata: { annotations?: Record<string, string> } } | undefined) => template?.metadata.annotations?.[CONFIG_HASH] ?? '';
const PROGRAM_HASHES = new RegExp([find(manifests, 'Deployment', GATEWAY).spec.template, (find(manifests, 'PodTemplate', 'backup') as unknown as { template: Parameters<typeof hashOf>[0] }).template].map(hashOf).join('|'), 'g');
const migrateJob = (from: Manifest[]) => from.find(({ kind }) => kind === 'Job')?.metadata.name;

describe('the default limits', () => {
  it.each([
    ['Deployment', 'web', '250m', '150Mi', '500m', '300Mi'],
    ['Deployment', 'worker', '250m', '100Mi', '500m', '250Mi'],
    ['StatefulSet', 'postgres', '100m', '80Mi', '250m', '150Mi'],
    ['StatefulSet', 'valkey', '50m', '10Mi', '100m', '50Mi'],
    ['Deployment', 'gateway', '150m', '64Mi', '500m', '96Mi'],
  ])('%s %s requests %s and %s, and is limited to %s and %s', (kind, name, ...numbers) => {
    const { requests, limits } = containerOf(manifests, kind, name).resources;
    expect([requests.cpu, requests.memory, limits.cpu, limits.memory]).toEqual(numbers);
  });

  it('are on every container, init containers too', () => {
    for (const { resources } of containers) {
      expect(Object.keys(resources.limits).sort()).toEqual(['cpu', 'ephemeral-storage', 'memory']);
      expect(Object.keys(resources.requests).sort()).toEqual(['cpu', 'ephemeral-storage', 'memory']);
    }
  });

  it('an init container never asks for more than its pod has anyway', () => {
    const web = podOf(find(manifests, 'Deployment', 'web'));
    expect(web.initContainers?.[0]?.resources).toEqual(web.containers[0]?.resources);
  });
});

describe('/tmp of the process that unpacks source maps', () => {
  const tmpOf = (rendered: Manifest[], name: string) => {
    const { volumes, containers: [main] } = podOf(find(rendered, 'Deployment', name));
    return [volumes.find((volume) => volume.name === 'tmp')?.emptyDir?.sizeLimit, main?.resources.limits['ephemeral-storage']];
  };

  it.each([
    ['is that of the worker', {}, 'worker', ['512Mi', '640Mi']],
    ['is as large as the settings say, and the container may fill it', { storage: { tmp: '2Gi' } }, 'worker', ['2Gi', '2176Mi']],
    ['is not that of web beside a worker', { storage: { tmp: '2Gi' } }, 'web', ['128Mi', '256Mi']],
    ['is that of web without one', { version: '6.2', profile: 'tiny', storage: { tmp: '2Gi' } }, 'web', ['2Gi', '2176Mi']],
  ] as const)('%s', (_, settings, name, wanted) => expect(tmpOf(renderStack(settings), name)).toEqual(wanted));
});

describe('nothing public', () => {
  it('with a gateway web is nobody\'s address but its own, whatever service.type says', () => {
    const rendered = renderStack({ service: { type: 'NodePort', allowPublic: true } });
    const services = rendered.filter(({ kind }) => kind === 'Service').map(({ metadata, spec }) => [metadata.name, spec?.type, (spec?.selector as Record<string, string>)['app.kubernetes.io/component']]);
    expect(services).toEqual(expect.arrayContaining([['web', 'NodePort', 'gateway'], ['web-backend', 'ClusterIP', 'web'], ['gateway-control', 'ClusterIP', 'gateway']]));
  });

  it('all Services are ClusterIP', () => {
    const services = manifests.filter(({ kind }) => kind === 'Service');
    expect(services.map(({ metadata, spec }) => [metadata.name, spec?.type])).toEqual(['postgres', 'valkey', 'web', 'gateway-control', 'web-backend'].map((name) => [name, 'ClusterIP']));
  });

  it('no pod uses the host network or a host port', () => {
    expect(workloads.some((manifest) => podOf(manifest).hostNetwork)).toBe(false);
    expect(containers.flatMap(({ ports }) => ports ?? []).some(({ hostPort }) => hostPort !== undefined)).toBe(false);
  });

  it('the quota refuses a NodePort or LoadBalancer made by somebody else', () => {
    expect(find(manifests, 'ResourceQuota', 'budget').spec.hard).toMatchObject({ 'services.nodeports': '0', 'services.loadbalancers': '0' });
  });

  it('a public type appears only when the settings say it twice', () => {
    const open = renderStack({ service: { type: 'LoadBalancer', allowPublic: true } });
    expect(find(open, 'Service', 'web').spec.type).toBe('LoadBalancer');
    expect(find(open, 'Service', 'postgres').spec.type).toBe('ClusterIP');
    expect(find(open, 'ResourceQuota', 'budget').spec.hard).toMatchObject({ 'services.loadbalancers': '1' });
  });
});

describe('PodSecurity restricted', () => {
  it('is enforced by the namespace', () => {
    expect(find(manifests, 'Namespace', 'glitchtip').metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
  });

  it('is met by every pod: not root, a seccomp profile, no token', () => {
    for (const manifest of workloads) {
      const pod = podOf(manifest);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(pod).toMatchObject({ automountServiceAccountToken: false, serviceAccountName: 'glitchtip', enableServiceLinks: false });
    }
  });

  it('is met by every container: read-only root, no capability, no way to more', () => {
    for (const { securityContext } of containers) {
      expect(securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    }
  });
});

describe('probes', () => {
  it('of web ask /_health/ with 10 s of patience and 60 s to start, as a Host that is always allowed', () => {
    const { startupProbe, livenessProbe, readinessProbe } = containerOf(manifests, 'Deployment', 'web');
    for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
      expect(probe?.httpGet).toEqual({ path: '/_health/', port: 'http', httpHeaders: [{ name: 'Host', value: 'localhost' }] });
      expect(probe?.timeoutSeconds).toBe(10);
    }
    expect((startupProbe?.periodSeconds ?? 0) * (startupProbe?.failureThreshold ?? 0)).toBe(60);
  });

  it('of the worker read its heartbeat file, the very one that its environment names', () => {
    const worker = containerOf(manifests, 'Deployment', 'worker');
    const file = variable(worker, 'GLITCHKEEPER_HEARTBEAT_FILE');
    expect(file).toBeDefined();
    expect(worker.livenessProbe?.exec?.command.join(' ')).toContain(`find ${file ?? ''} -mmin -1`);
  });

  it('that may kill never ask another part', () => {
    for (const { livenessProbe } of containers.filter((each) => each.livenessProbe !== undefined)) {
      expect(JSON.stringify(livenessProbe)).not.toMatch(/"(postgres|valkey|web)"|\.svc|celery/);
    }
  });
});

describe('Postgres', () => {
  const parameters = (limit: string): Record<string, string> => {
    const { args } = containerOf(renderStack({ resources: { postgres: { limits: { memory: limit } } } }), 'StatefulSet', 'postgres');
    const pairs = (args ?? []).filter((each) => each.includes('=')).map((each) => each.split('='));
    return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]));
  };

  it.each([
    ['150Mi', '37MB', '112MB', '1200kB', '18MB'],
    ['512Mi', '128MB', '384MB', '4096kB', '64MB'],
  ])('at %s has shared_buffers %s, effective_cache_size %s, work_mem %s, maintenance_work_mem %s', (limit, ...values) => {
    const { shared_buffers, effective_cache_size, work_mem, maintenance_work_mem } = parameters(limit);
    expect([shared_buffers, effective_cache_size, work_mem, maintenance_work_mem]).toEqual(values);
  });

  it('takes as many connections as the pools may open, and no fewer', () => {
    const pools = ['web', 'worker'].map((name) => Number(variable(containerOf(manifests, 'Deployment', name), 'DATABASE_POOL_MAX_SIZE')));
    const [web = 0, worker = 0] = pools;
    expect(Number(parameters('150Mi').max_connections)).toBeGreaterThanOrEqual(2 * web + worker + 9);
  });
});

it.each(['postgres', 'valkey', 'worker'])('%s is not restarted by bringing the gateway in or taking it out: web takes events by itself meanwhile', (name) => {
  const kind = name === 'worker' ? 'Deployment' : 'StatefulSet';
  const template = (from: Manifest[]) => find(from, kind, name).spec.template;
  expect(template(renderStack({ gateway: { enabled: false } }))).toEqual(template(manifests));
});

describe('what a program says when it fails', () => {
  it('is in the status of no pod but Postgres, whose log says no row and no statement', () => {
    const inStatus = containers.filter((container) => 'terminationMessagePolicy' in container).map(({ name }) => name);
    expect(inStatus).toEqual(['postgres']);
    const { args = [] } = containerOf(manifests, 'StatefulSet', 'postgres');
    expect(args).toEqual(expect.arrayContaining(['log_error_verbosity=terse', 'log_min_error_statement=panic']));
  });
});

describe('Valkey', () => {
  const configuration = find(manifests, 'ConfigMap', 'valkey-config').data?.['valkey.conf'] ?? '';

  it.each(['appendonly yes', 'appendfsync everysec', 'maxmemory-policy noeviction', 'maxmemory 25mb'])('says "%s"', (line) => {
    expect(configuration.split('\n')).toContain(line);
  });

  it('has its append-only file looked at before it starts, by the script of its ConfigMap', () => {
    const [, file] = find(manifests, 'StatefulSet', 'valkey').spec.template?.spec.initContainers ?? [];
    expect(file?.name).toBe('append-only-file');
    const [, path = ''] = file?.command ?? [];
    expect(path.startsWith('/etc/valkey/')).toBe(true);
    expect(Object.keys(find(manifests, 'ConfigMap', 'valkey-config').data ?? {})).toContain(path.replace('/etc/valkey/', ''));
  });

  it('rolls when its configuration changes', () => {
    const other = renderStack({ resources: { valkey: { limits: { memory: '60Mi' } } } });
    const hash = (from: Manifest[]) => JSON.stringify(find(from, 'StatefulSet', 'valkey').spec.template?.metadata);
    expect(hash(other)).not.toBe(hash(manifests));
  });
});

describe('the migrate Job', () => {
  it('has the pods that a repair runs again', () => {
    const { template } = find(manifests, 'PodTemplate', 'migrate') as unknown as { template: unknown };
    expect(template).toEqual(manifests.find(({ kind }) => kind === 'Job')?.spec?.template);
  });
  it('keeps its name while nothing changes', () => expect(migrateJob(renderStack())).toBe(migrateJob(manifests)));

  it('has a new name for a new image', () => {
    expect(migrateJob(renderStack({ images: { glitchtip: 'docker.io/glitchtip/glitchtip:5.2.1' } }))).not.toBe(migrateJob(manifests));
  });

  it('ends what hangs after a day, and is never made anew because it was finished', () => {
    const { activeDeadlineSeconds, ttlSecondsAfterFinished } = manifests.find(({ kind }) => kind === 'Job')?.spec as { activeDeadlineSeconds?: number; ttlSecondsAfterFinished?: number };
    expect([activeDeadlineSeconds, ttlSecondsAfterFinished]).toEqual([86_400, undefined]);
  });

  it('makes the administrator after the migrations, and web and worker wait for both', () => {
    const job = podOf(manifests.find(({ kind }) => kind === 'Job') ?? find(manifests, 'Job', 'migrate'));
    expect(job.initContainers?.map(({ command }) => command?.join(' '))).toEqual(['python /glitchkeeper/wait.py database 5.2', './bin/run-migrate.sh']);
    expect(job.containers.map(({ command }) => command?.join(' '))).toEqual(['python /glitchkeeper/administrator.py']);
    for (const name of ['web', 'worker']) {
      expect(podOf(find(manifests, 'Deployment', name)).initContainers?.[0]?.command).toEqual(['python', '/glitchkeeper/wait.py', 'migrations', '5.2']);
    }
  });
});

describe('what the measurements ask for', () => {
  it.each([
    ['worker', 'CELERY_WORKER_POOL', 'threads'],
    ['worker', 'CELERY_WORKER_CONCURRENCY', '10'],
    ['worker', 'CELERY_WORKER_PREFETCH_MULTIPLIER', '11'],
    ['web', 'UWSGI_LISTEN', '1024'],
    ['web', 'UWSGI_THREADS', '4'],
    ['web', 'ENABLE_USER_REGISTRATION', 'False'],
  ])('%s has %s=%s', (part, name, value) => expect(variable(containerOf(manifests, 'Deployment', part), name)).toBe(value));

  it.each([
    ['behind the gateway', {}, '5', { maxSurge: 0, maxUnavailable: 1 }],
    ['without one', { gateway: { enabled: false } }, '15', { maxSurge: 1, maxUnavailable: 0 }],
  ])('web %s is warmed before it is ready, drains before it stops, and is rolled as events need it', (_, settings, seconds, rollingUpdate) => {
    const rendered = renderStack(settings);
    const web = containerOf(rendered, 'Deployment', 'web');
    expect(web.lifecycle?.preStop).toEqual({ exec: { command: ['sleep', seconds] } });
    expect(web.lifecycle?.postStart).toEqual({ exec: { command: ['python', '/glitchkeeper/warm.py'] } });
    expect(find(rendered, 'Deployment', 'web').spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate });
  });
});

describe('one address', () => {
  it.each([
    ['http://localhost:9090', 'False', '0'],
    ['https://errors.example.com', 'True', '31536000'],
  ])('%s decides cookies (%s) and HSTS (%s)', (domain, secure, hsts) => {
    const web = containerOf(renderStack({ domain }), 'Deployment', 'web');
    expect(variable(web, 'SESSION_COOKIE_SECURE')).toBe(secure);
    expect(variable(web, 'SECURE_HSTS_SECONDS')).toBe(hsts);
    expect(variable(web, 'GLITCHTIP_DOMAIN')).toBe(domain);
    expect(variable(web, 'CSRF_TRUSTED_ORIGINS')).toBe(domain);
    expect(variable(web, 'ALLOWED_HOSTS')?.split(',')).toContain(new URL(domain).hostname);
  });
});

describe('credentials', () => {
  it('come as files of Secrets that no manifest holds', () => {
    expect(manifests.some(({ kind }) => kind === 'Secret')).toBe(false);
    for (const { env } of containers) {
      const suspicious = (env ?? []).filter(({ name }) => /SECRET|PASSWORD|VALKEY_URL/.test(name));
      for (const { name, value } of suspicious) expect([name.endsWith('_FILE'), value?.startsWith('/run/secrets/')]).toEqual([true, true]);
    }
  });
});

describe('GlitchTip 6.2', () => {
  const [classic, tiny] = [renderStack({ version: '6.2' }), renderStack({ version: '6.2', profile: 'tiny' })];
  const [web, worker, single] = [containerOf(classic, 'Deployment', 'web'), containerOf(classic, 'Deployment', 'worker'), containerOf(tiny, 'Deployment', 'web')];

  it('has one queue: whoever puts tasks into it and who takes them from it, the operator and the gateway name it alike', () => {
    const layout = healthRelease('6.2').inValkey;
    for (const process of [web, worker, single]) expect(`${variable(process, 'VTASKS_VALKEY_PREFIX') ?? ''}:`).toBe(layout.kind === 'vtasks' ? layout.prefix : '');
  });

  it('says of each task, where it is made, that it is run once more when its worker was killed; the next worker has the name of the last', () => {
    expect([web, worker, single].map((process) => variable(process, 'VTASKS_MAX_RESCUES'))).toEqual(['1', '1', '1']);
    expect([worker, single].map((process) => variable(process, 'VTASKS_WORKER_ID'))).toEqual(['worker', undefined]);
  });

  it.each([['490Mi', undefined], ['512Mi', '307'], ['1Gi', '614']])('of %s, replaces a process of %s MiB before the kernel kills it, if it fits beside the next one', (memory, grown) => {
    const process = containerOf(renderStack({ version: '6.2', profile: 'tiny', host: { memory: '4Gi' }, resources: { single: { limits: { memory } } } }), 'Deployment', 'web');
    expect(variable(process, 'GRANIAN_WORKERS_MAX_RSS')).toBe(grown);
  });

  it('one process has as long as a worker to finish its tasks, and a frozen one no longer than web', () => {
    const graces = [classic, tiny].map((rendered) => podOf(find(rendered, 'Deployment', 'web'))).map(({ terminationGracePeriodSeconds, containers: [process] }) => [terminationGracePeriodSeconds, process?.livenessProbe?.terminationGracePeriodSeconds]);
    expect(graces).toEqual([[35, undefined], [60, 35]]);
    expect(podOf(find(classic, 'Deployment', 'worker')).terminationGracePeriodSeconds).toBe(60);
    expect(Number(variable(single, 'VTASKS_SHUTDOWN_CANCEL_GRACE'))).toBeLessThan(60);
  });

  it('moves no old events out of PostgreSQL', () => {
    for (const process of [web, worker, single]) expect(['DUCKDB', 'COLD_STORAGE'].map((name) => variable(process, `GLITCHTIP_ENABLE_${name}`))).toEqual(['False', 'False']);
  });

  it('is behind the gateway, with and without Valkey', () => {
    expect([classic, tiny].map((rendered) => variable(containerOf(rendered, 'Deployment', GATEWAY), 'VALKEY'))).toEqual(['valkey:6379', undefined]);
  });
});

describe('what GlitchTip does beside taking events', () => {
  const OPEN: SettingsInput = {
    version: '6.2', retentionDays: 60, registration: { users: true, singleSignOn: true, organizations: true }, logs: { enabled: true, retentionDays: 14 },
    uptime: { enabled: false, privateAddresses: true }, webhooks: { privateAddresses: true }, mcp: { enabled: true }, network: { workerToPrivate: ['192.168.1.25'] },
    gateway: { trustedProxies: ['192.0.2.1'] },
  };
  const rendered = [{}, { version: '6.2' }, OPEN].map((settings) => renderStack(settings));
  const said = (part: string, name: string) => rendered.map((each) => variable(containerOf(each, 'Deployment', part), name));

  it.each<[string, string | undefined, string | undefined, string | undefined]>([
    // variable, 5.2, 6.2, 6.2 with all of it turned
    ['ENABLE_USER_REGISTRATION', 'False', 'False', 'True'],
    ['ENABLE_SOCIAL_APPS_USER_REGISTRATION', 'False', 'False', 'True'],
    ['ENABLE_ORGANIZATION_CREATION', 'False', 'False', 'True'],
    ['GLITCHTIP_ENABLE_LOGS', undefined, 'False', 'True'],
    ['GLITCHTIP_LOG_RETENTION_DAYS', undefined, undefined, '14'],
    ['GLITCHTIP_LOG_HOT_DAYS', undefined, undefined, '14'],
    ['GLITCHTIP_ENABLE_UPTIME', undefined, 'True', 'False'],
    ['GLITCHTIP_UPTIME_ALLOW_PRIVATE_IPS', undefined, 'False', 'True'],
    ['GLITCHTIP_ALLOW_PRIVATE_IPS', undefined, 'False', 'True'],
    ['GLITCHTIP_ENABLE_MCP', undefined, 'False', 'True'],
    ['TRUSTED_PROXIES', undefined, '10.42.0.0/16,10.43.0.0/16', '192.0.2.1,10.42.0.0/16,10.43.0.0/16'],
  ])('%s is said to web and to the worker alike', (name, five, six, open) => {
    for (const part of ['web', 'worker']) expect(said(part, name)).toEqual([five, six, open]);
  });

  it('keeps logs as long as events, where nobody says how long', () => {
    const web = containerOf(renderStack({ version: '6.2', retentionDays: 60, logs: { enabled: true } }), 'Deployment', 'web');
    expect(variable(web, 'GLITCHTIP_LOG_RETENTION_DAYS')).toBe('60');
  });

  it('believes whom its own default says, where nobody knows the networks of the cluster', () => {
    expect(variable(containerOf(renderStack({ version: '6.2', network: { clusterRanges: [] } }), 'Deployment', 'web'), 'TRUSTED_PROXIES')).toBeUndefined();
  });

  it('the gateway takes logs where GlitchTip keeps them, and not otherwise', () => {
    expect(said(GATEWAY, 'LOGS')).toEqual([undefined, undefined, 'true']);
  });
});

it.each(RELEASES)('the whole stack of version %s', (version) => expect(shown({ version })).toMatchSnapshot());
it('the whole stack of the tiny profile', () => expect(shown({ version: '6.2', profile: 'tiny' })).toMatchSnapshot());

/** But for what says the same once more, and what only an API server can judge (test/api/stolen-token.test.ts). */
function shown(input: SettingsInput): Manifest[] {
  const isShown = ({ kind, metadata: { name } }: Manifest) => !kind.startsWith('ValidatingAdmissionPolicy') && !(kind === 'PodTemplate' && name === MIGRATE_TEMPLATE);
  return renderStack(input).filter(isShown).map(withoutPrograms);
}

/** What changes with every line of a program says nothing of its manifests. */
function withoutPrograms(manifest: Manifest): Manifest {
  const { binaryData, data, ...rest } = manifest;
  const without = (files: Record<string, string>, text: string) => Object.fromEntries(Object.keys(files).map((file) => [file, text]));
  const shownData = binaryData ? {} : manifest.metadata.name === CONFIG_MAPS.backupScripts ? without(data ?? {}, 'the script') : data;
  const known = JSON.stringify({ ...rest, ...(shownData ? { data: shownData } : {}) }).replaceAll(/-bundle-[0-9a-f]{8}\b/g, '-bundle-of-the-program').replaceAll(PROGRAM_HASHES, 'of-the-program');
  return { ...JSON.parse(known) as Manifest, ...(binaryData ? { binaryData: without(binaryData, 'the program') } : {}) };
}
