// The operator's token in other hands: the API server takes what the operator does, and refuses every other pod, image and Secret.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { repairJobName } from '../../operator/api/object-names.js';
import { ClusterObserver } from '../../operator/io/kubernetes/cluster-observer.js';
import { KubernetesObjects } from '../../operator/io/kubernetes/objects.js';
import { upgradeSteps } from '../../operator/io/kubernetes/upgrade-step.js';
import { Workloads } from '../../operator/io/kubernetes/workloads.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import type { KubernetesApi } from '../../operator/io/kubernetes/api-client.js';
import { START_MS, startControlPlane, type ControlPlane } from './control-plane.js';
import { NAMESPACE, until } from './operator-stage.js';
import { answer, template, type Job, type Template } from './token-requests.js';

const DEPLOYMENT = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/web`;
const JOBS = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`;
const CORE = `/api/v1/namespaces/${NAMESPACE}`;
const never = new AbortController().signal;
/** PodTemplates of the Jobs that the operator makes. */
const KINDS = ['migrate', 'backup', 'restore', 'restore-check', 'rehearsal-5-2', 'rehearsal-6-2', 'move-import'] as const;
/** The last is in the manifests of 6.2 alone. */
type Kind = (typeof KINDS)[number] | 'legacy-import';
/** With an old server: what a move adds to the rights is there, too. */
const SETTINGS = { move: { from: 'https://sentry.example.com', organization: 'acme' } };
const THEIRS = { name: 'theirs', secret: { secretName: 'glitchtip-postgres' } };

describe('the token of the operator', () => {
  let server: ControlPlane;
  let folder: string;
  let token: KubernetesApi;
  let templates: Readonly<Record<Kind, Template>>;
  let web: { spec: { template: Template } };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-token-'));
    await synthesize('dist', SETTINGS);
    server = await startControlPlane();
    await apply();
    token = server.apiFor(await server.tokenOf(NAMESPACE, 'glitchkeeper'));
    const found = await Promise.all(KINDS.map(async (kind) => [kind, (await server.admin.get<{ template: Template }>(`${CORE}/podtemplates/${kind}`)).template] as const));
    templates = Object.fromEntries(found) as Record<Kind, Template>;
    web = await server.admin.get(DEPLOYMENT);
    const probe = await podOf('worker', 'Running');
    // The API server takes up new policies by and by.
    await until('every policy is in force', async () => (await Promise.all([
      answer(token.create(`/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`, { metadata: { name: 'probe' } })),
      answer(token.create(`${CORE}/configmaps`, { metadata: { name: 'probe' } })),
      answer(token.merge(DEPLOYMENT, { metadata: { labels: { probe: String(Date.now()) } } }, 'test')),
      answer(token.delete(`${CORE}/pods/${probe}`, { dryRun: ['All'] })),
      ...KINDS.map((kind) => answer(token.create(JOBS, jobOf((job) => { job.spec.template.spec.volumes = [THEIRS]; }, kind)))),
    ])).every((each) => each !== 'taken'), true);
  }, START_MS);
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function synthesize(into: string, input: object): Promise<void> {
    const settings = join(folder, `${into}.settings`);
    await writeFile(settings, JSON.stringify(input));
    await execa('node', ['build/main.js'], { env: { GLITCHKEEPER_SETTINGS: settings, CDK8S_OUTDIR: join(folder, into) } });
  }

  async function apply(from = 'dist'): Promise<string[]> {
    const { stdout } = await execa(server.kubectl, ['--kubeconfig', server.kubeconfig, 'apply', '--warnings-as-errors', '-f', join(folder, from)]);
    return stdout.split('\n');
  }

  /** The repair's Job, or that of a backup or a restore, changed. */
  function jobOf(change: (job: Job) => void, kind: Kind = 'migrate'): Job {
    const pods = templates[kind];
    const job: Job = {
      apiVersion: 'batch/v1', kind: 'Job', metadata: { name: `${kind}-${Math.random().toString(36).slice(2)}`, labels: { ...pods.metadata.labels } },
      spec: { template: structuredClone({ metadata: { labels: pods.metadata.labels, annotations: pods.metadata.annotations ?? {} }, spec: pods.spec }) },
    };
    change(job);
    return job;
  }

  /** A pod that no node runs, as the quota and PodSecurity let one in. */
  async function podOf(component: string, phase: string): Promise<string> {
    const { spec, metadata: { labels } } = templates.migrate;
    const { metadata: { name } } = await server.admin.create<{ metadata: { name: string } }>(`${CORE}/pods`, { metadata: { generateName: `${component}-`, labels: { ...labels, 'app.kubernetes.io/component': component } }, spec });
    await server.admin.merge(`${CORE}/pods/${name}/status`, { status: { phase } }, 'test');
    return name;
  }

  it('is bound by policies that a second apply does not change', async () => {
    expect((await apply()).filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
  }, 60_000);

  describe('does what the operator does', () => {
    it.each<[string, () => Promise<unknown>]>([
      ['rolls a Deployment, and takes the mark off again', async () => {
        await new Workloads(token, NAMESPACE).roll('web', 'rotation-1', never);
        await new Workloads(token, NAMESPACE).roll('web', undefined, never);
      }],
      ['restarts the worker', () => new ClusterObserver(token, NAMESPACE).restart('worker', new Date(), never)],
      ['rolls the gateway', () => new Workloads(token, NAMESPACE).roll('gateway', 'rotation-1', never)],
      ['scales a Deployment to nothing and back', async () => {
        await token.merge(DEPLOYMENT, { spec: { replicas: 0 } }, 'test');
        await token.merge(DEPLOYMENT, { spec: { replicas: 1 } }, 'test');
      }],
      ['makes its Secrets', () => new KubernetesObjects(token, NAMESPACE, 'test').createSecret({ name: 'glitchtip-app', data: new Map([['SECRET_KEY', new Sensitive('x')]]) }, never)],
      ['makes the Secret of the login that dumps', () => new KubernetesObjects(token, NAMESPACE, 'test').createSecret({ name: 'glitchtip-backup', data: new Map([['database-password', new Sensitive('x')]]) }, never)],
      ['makes its Lease', () => new KubernetesObjects(token, NAMESPACE, 'test').lease().create({ holder: 'test', renewedAt: new Date().toISOString(), durationSeconds: 30, transitions: 0 }, never)],
      ['makes the Lease of operations', () => new KubernetesObjects(token, NAMESPACE, 'test').writeLock({ resourceVersion: undefined }, never)],
      ['takes the lock of operations', () => new KubernetesObjects(token, NAMESPACE, 'test').writeLock({ holder: { operation: 'rotation', name: 'r1', since: new Date(), until: new Date(Date.now() + 60_000) }, resourceVersion: undefined }, never)],
      ['makes the ConfigMap of its alert state', () => token.create(`${CORE}/configmaps`, { metadata: { name: 'glitchtip-health' } })],
      ['sees that no step of an upgrade is named, and takes one away', async () => {
        expect(await upgradeSteps(token, NAMESPACE).read(never)).toBeUndefined();
        await upgradeSteps(token, NAMESPACE).forget(never);
      }],
    ])('%s', async (_, act) => {
      await act();
    });

    it('writes the variables of a run, and makes the Job of a backup', async () => {
      await token.merge(`${CORE}/configmaps/backup-run`, { data: { COPY: '20261129T023000Z' } }, 'test');
      await apply();
      expect(await token.get(`${CORE}/configmaps/backup-run`)).toMatchObject({ data: { COPY: '20261129T023000Z' } });
      expect((await token.get<{ template: Template }>(`${CORE}/podtemplates/backup`)).template).toEqual(templates.backup);
      await token.create(JOBS, jobOf((job) => { Object.assign(job.spec, { backoffLimit: 0, activeDeadlineSeconds: 7_200, ttlSecondsAfterFinished: 86_400 }); }, 'backup'));
    }, 60_000);

    it('writes the variables of a restore, makes its Secret and its Jobs, and ends them', async () => {
      await token.merge(`${CORE}/configmaps/restore-run`, { data: { COPY: 'latest', NOT_AFTER: '', PGDATABASE: '' } }, 'test');
      await token.create(`${CORE}/secrets`, { metadata: { name: 'glitchtip-restore' }, type: 'Opaque' });
      await token.merge(`${CORE}/secrets/glitchtip-restore`, { data: { 'database-password': 'eA==' } }, 'test');
      for (const kind of ['restore-check', 'restore'] as const) {
        const job = jobOf((made) => { Object.assign(made.spec, { backoffLimit: 0, activeDeadlineSeconds: 7_200 }); }, kind);
        await token.create(JOBS, job);
        await token.delete(`${JOBS}/${job.metadata.name}`, {});
      }
      await token.delete(`${CORE}/secrets/glitchtip-restore`, {});
    }, 60_000);

    it.each(['rehearsal-5-2', 'rehearsal-6-2'] as const)('makes the Job of %s, and ends it', async (kind) => {
      const job = jobOf((made) => { Object.assign(made.spec, { backoffLimit: 0, activeDeadlineSeconds: 7_200 }); }, kind);
      await token.create(JOBS, job);
      await token.delete(`${JOBS}/${job.metadata.name}`, {});
    }, 60_000);

    it('fills in the table of a move, makes the Job of its import, and ends it', async () => {
      await server.admin.create(`${CORE}/secrets`, { metadata: { name: 'glitchtip-move' }, type: 'Opaque', data: { 'dsns.json': 'W10=' } });
      await token.merge(`${CORE}/secrets/glitchtip-move`, { data: { 'dsns.json': 'W10K' } }, 'test');
      const job = jobOf((made) => { Object.assign(made.spec, { backoffLimit: 0, activeDeadlineSeconds: 7_200 }); }, 'move-import');
      await token.create(JOBS, job);
      await token.delete(`${JOBS}/${job.metadata.name}`, {});
    }, 60_000);

    it.each(['Succeeded', 'Failed'])('deletes a worker that has ended as %s', async (phase) => {
      const name = await podOf('worker', phase);
      expect(await new ClusterObserver(token, NAMESPACE).deletePod({ name }, never)).toBe(true);
      expect(await new ClusterObserver(token, NAMESPACE).deletePod({ name }, never)).toBe(false);
    });

    it('runs the pods of the migrate Job again', async () => {
      expect(await new ClusterObserver(token, NAMESPACE).rerunMigrations(repairJobName(new Date()), never)).toBe(true);
    });
  });

  it.each<[string, (template: Template) => object]>([
    ['another image', ({ spec }) => template({ spec: { ...spec, containers: spec.containers.map((each) => ({ ...each, image: 'registry.example.com/theirs:1' })) } })],
    ['another command', ({ spec }) => template({ spec: { ...spec, containers: spec.containers.map((each) => ({ ...each, command: ['sh', '-c', 'true'] })) } })],
    ['another variable', ({ spec }) => template({ spec: { ...spec, containers: spec.containers.map((each) => ({ ...each, env: [...each.env ?? [], { name: 'PYTHONPATH', value: '/tmp' }] })) } })],
    ['another container', ({ spec }) => template({ spec: { containers: [...spec.containers, { ...spec.containers[0], name: 'theirs' }] } })],
    ['the Secret of another', ({ spec }) => template({ spec: { volumes: [...spec.volumes, THEIRS] } })],
    ["the operator's own account", () => template({ spec: { serviceAccountName: 'glitchkeeper', automountServiceAccountToken: true } })],
    ['the network of the node', () => template({ spec: { hostNetwork: true } })],
    ['an annotation that others act on', () => template({ metadata: { annotations: { 'sidecar.example.com/inject': 'true' } } })],
    ['another label of its pods', () => template({ metadata: { labels: { theirs: 'true' } } })],
    ['more pods than declared', () => ({ spec: { replicas: 2 } })],
    ['another strategy', () => ({ spec: { strategy: { type: 'Recreate', rollingUpdate: null } } })],
    ['a rollout that is held', () => ({ spec: { paused: true } })],
    ['a history of nothing', () => ({ spec: { revisionHistoryLimit: 0 } })],
    ['an owner, with which it would be deleted', () => ({ metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-0000-0000-000000000000' }] } })],
    ['a finalizer', () => ({ metadata: { finalizers: ['example.com/theirs'] } })],
    ['an annotation of the Deployment', () => ({ metadata: { annotations: { theirs: 'true' } } })],
  ])('does not give web %s', async (_, change) => {
    const before = await server.admin.get(DEPLOYMENT);
    expect(await answer(token.merge(DEPLOYMENT, change(web.spec.template), 'test'))).toMatch(/^403 .*the operator (changes|scales)/);
    expect(await server.admin.get(DEPLOYMENT)).toEqual(before);
  });

  it.each<[string, (job: Job) => void, RegExp]>([
    // Without labels of its own a Job has those of its pods.
    ['of no component', (job) => { job.metadata.labels = {}; job.spec.template.metadata.labels = { theirs: 'true' }; }, /only Jobs whose label/],
    ['of another component', (job) => { job.metadata.labels['app.kubernetes.io/component'] = 'web'; }, /only Jobs whose label/],
    ['with another image', ({ spec }) => { spec.template.spec.containers.forEach((each) => { each.image = 'registry.example.com/theirs:1'; }); }, /pods of this Job/],
    ['with another command', ({ spec }) => { spec.template.spec.containers.forEach((each) => { each.command = ['sh', '-c', 'true']; }); }, /pods of this Job/],
    ['with the Secret of another', ({ spec }) => { spec.template.spec.volumes.push(THEIRS); }, /pods of this Job/],
    ["with the operator's own account", ({ spec }) => { spec.template.spec['serviceAccountName'] = 'glitchkeeper'; }, /pods of this Job/],
    ['whose pods the policies of others let in', ({ spec }) => { spec.template.metadata.labels['app.kubernetes.io/name'] = 'theirs'; }, /labels of its pods/],
    ['with an annotation that others act on', ({ spec }) => { spec.template.metadata.annotations = { 'sidecar.example.com/inject': 'true' }; }, /annotations of its pods/],
    ['with many pods', ({ spec }) => { Object.assign(spec, { parallelism: 50, completions: 50 }); }, /has one pod/],
    ['that takes pods of others', ({ spec }) => { Object.assign(spec, { manualSelector: true, selector: { matchLabels: spec.template.metadata.labels } }); }, /no pods of others/],
  ])('makes no Job %s', async (_, change, refusal) => {
    expect(await answer(token.create(JOBS, jobOf(change)))).toMatch(refusal);
  });

  it.each<[string, (job: Job) => void, RegExp]>([
    ['with another image', ({ spec }) => { spec.template.spec.containers.forEach((each) => { each.image = 'registry.example.com/theirs:1'; }); }, /pods of this Job/],
    ['with another bucket', ({ spec }) => { spec.template.spec.containers.forEach((each) => { each.env = [...each.env ?? [], { name: 'S3_ENDPOINT', value: 'https://theirs.example.com' }]; }); }, /pods of this Job/],
    ["with the superuser's password", ({ spec }) => { spec.template.spec.volumes.push(THEIRS); }, /pods of this Job/],
    ['that writes to the uploads', ({ spec }) => { spec.template.spec.containers.forEach((each) => { each.volumeMounts = each.volumeMounts?.map(({ name, mountPath }) => ({ name, mountPath })) ?? []; }); }, /pods of this Job/],
    ['with the pods of the migrate Job', ({ spec }) => { spec.template = structuredClone(templates.migrate); }, /pods of this Job/],
    ['that policies take for web', ({ spec }) => { spec.template.metadata.labels['app.kubernetes.io/component'] = 'web'; }, /labels of its pods/],
    ['with an annotation that others act on', ({ spec }) => { spec.template.metadata.annotations = { 'sidecar.example.com/inject': 'true' }; }, /annotations of its pods/],
    ['with many pods', ({ spec }) => { Object.assign(spec, { parallelism: 50, completions: 50 }); }, /has one pod/],
  ])('makes no backup %s', async (_, change, refusal) => {
    expect(await answer(token.create(JOBS, jobOf(change, 'backup')))).toMatch(refusal);
  });

  it.each<[string, Kind, (job: Job) => void, RegExp]>([
    ['restore with the pods of its check', 'restore', ({ spec }) => { spec.template = structuredClone(templates['restore-check']); }, /not those of PodTemplate restore/],
    ['check with the pods of a restore', 'restore-check', ({ spec }) => { spec.template = structuredClone(templates.restore); }, /not those of PodTemplate restore-check/],
    ['restore with the pods of a backup', 'restore', ({ spec }) => { spec.template = structuredClone(templates.backup); }, /not those of PodTemplate restore/],
    ['restore into another server', 'restore', ({ spec }) => { spec.template.spec.containers.forEach((each) => { each.env = [...each.env ?? [], { name: 'PGHOST', value: 'theirs.example.com' }]; }); }, /pods of this Job/],
    ['restore with another command', 'restore', ({ spec }) => { spec.template.spec.containers.forEach((each) => { each.command = ['cat', '/run/secrets/restore/identity']; }); }, /pods of this Job/],
    ['rehearsal of one release with the pods of another', 'rehearsal-5-2', ({ spec }) => { spec.template = structuredClone(templates['rehearsal-6-2']); }, /not those of PodTemplate rehearsal-5-2/],
    ['rehearsal of another release with the pods of this one', 'rehearsal-6-2', ({ spec }) => { spec.template = structuredClone(templates['rehearsal-5-2']); }, /not those of PodTemplate rehearsal-6-2/],
    ['rehearsal under a name of no template', 'rehearsal-6-2', ({ metadata }) => { metadata.name = 'rehearsal-theirs'; }, /not those of PodTemplate rehearsal-5-2/],
    ["check with the superuser's password", 'restore-check', ({ spec }) => { spec.template.spec.volumes.push(THEIRS); }, /pods of this Job/],
    ['import from another server', 'move-import', ({ spec }) => { spec.template.spec.containers.forEach((each) => { each.env = [...each.env ?? [], { name: 'OLD_SERVER', value: 'https://theirs.example.com' }]; }); }, /pods of this Job/],
    ['import with another command', 'move-import', ({ spec }) => { spec.template.spec.containers.forEach((each) => { each.command = ['cat', '/run/secrets/move/token']; }); }, /pods of this Job/],
    ['import with the pods of a migration', 'move-import', ({ spec }) => { spec.template = structuredClone(templates.migrate); }, /not those of PodTemplate move-import/],
    ['restore that policies take for web', 'restore', ({ spec }) => { spec.template.metadata.labels['app.kubernetes.io/component'] = 'web'; }, /labels of its pods/],
  ])('makes no %s', async (_, kind, change, refusal) => {
    expect(await answer(token.create(JOBS, jobOf(change, kind)))).toMatch(refusal);
  });

  it.each([['a worker that works', 'worker', 'Running'], ['a worker that waits', 'worker', 'Pending'], ['Postgres', 'postgres', 'Running'], ['a web that has ended', 'web', 'Failed']])('does not delete %s', async (_, component, phase) => {
    const name = await podOf(component, phase);
    expect(await answer(token.delete(`${CORE}/pods/${name}`, {}))).toMatch(/^403 .*the operator (only )?deletes/);
    await server.admin.delete(`${CORE}/pods/${name}`, { gracePeriodSeconds: 0 });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['its scripts', () => token.merge(`${CORE}/configmaps/backup-scripts`, { data: { 'dump.sh': 'cat /run/secrets/backup/*' } }, 'test')],
    ['its pods', () => token.merge(`${CORE}/podtemplates/backup`, { template: { spec: { hostNetwork: true } } }, 'test')],
    ['the keys of its bucket', () => token.get(`${CORE}/secrets/glitchtip-backup-store`)],
    ['the log of its pods', () => token.get(`${CORE}/pods/backup/log`)],
  ])('of a backup neither reads nor changes %s', async (_, act) => {
    expect(await answer(act())).toMatch(/403 Forbidden/);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['change its scripts', () => token.merge(`${CORE}/configmaps/move-scripts`, { data: { 'import_old.py': 'print(open("/run/secrets/move/token").read())' } }, 'test')],
    ['change its pods', () => token.merge(`${CORE}/podtemplates/move-import`, { template: { spec: { hostNetwork: true } } }, 'test')],
    ['make its Secret', () => token.create(`${CORE}/secrets`, { metadata: { name: 'glitchtip-move' }, type: 'Opaque' })],
    ['delete its Secret', () => token.delete(`${CORE}/secrets/glitchtip-move`, {})],
  ])('does not, of a move, %s', async (_, act) => {
    expect(await answer(act())).toMatch(/403 Forbidden/);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['token without an end', () => token.create(`${CORE}/secrets`, { metadata: { name: 'glitchtip-admin', annotations: { 'kubernetes.io/service-account.name': 'glitchkeeper' } }, type: 'kubernetes.io/service-account-token' }), /403 Forbidden/],
    ['Secret of another name', () => token.create(`${CORE}/secrets`, { metadata: { name: 'theirs' }, type: 'Opaque' }), /403 Forbidden/],
    ['Secret of the store of copies, which a person makes', () => token.create(`${CORE}/secrets`, { metadata: { name: 'glitchtip-backup-store' }, type: 'Opaque' }), /403 Forbidden/],
    ['ConfigMap of another name', () => token.create(`${CORE}/configmaps`, { metadata: { name: 'glitchkeeper-bundle-00000000' } }), /only the ConfigMaps of its alert state and of the step of an upgrade/],
    ['step of an upgrade, for the manifests are of 5.2', () => upgradeSteps(token, NAMESPACE).name('5.2-6.2', never), /only the step to the release of the manifests/],
    ['Lease of another name', () => token.create(`/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`, { metadata: { name: 'theirs' } }), /only its own Leases/],
  ])('makes no %s', async (_, act, refusal) => {
    expect(await answer(act())).toMatch(refusal);
  });

  it('does not change what a pod of ours starts with: bundles are immutable', async () => {
    const { items } = await server.admin.get<{ items: { metadata: { name: string }; immutable?: boolean; binaryData?: object }[] }>(`${CORE}/configmaps`);
    const bundles = items.filter(({ binaryData }) => binaryData);
    expect(new Set(bundles.map(({ metadata: { name } }) => name.replace(/-[0-9a-f]{8}(-\d+)?$/, '')))).toEqual(new Set(['backup-bundle', 'gateway-bundle', 'glitchkeeper-bundle']));
    expect(bundles.filter(({ immutable }) => immutable !== true)).toEqual([]);
  });

  it('of a person does all of it', async () => {
    await server.admin.merge(DEPLOYMENT, { spec: { replicas: 3, paused: true } }, 'test');
    await server.admin.create(JOBS, jobOf((job) => { job.metadata.labels = {}; }));
  });

  describe('meets the quota', () => {
    const QUOTA = `${CORE}/resourcequotas/budget`;
    const COUNTED = { 'count/jobs.batch': JOBS, secrets: `${CORE}/secrets`, configmaps: `${CORE}/configmaps` } as const;
    type Counted = keyof typeof COUNTED;
    let hard: Readonly<Record<Counted, string>>;
    /** As the controller of quotas counts, which is not here. */
    const count = (what: Counted, used: number) => server.admin.merge(`${QUOTA}/status`, { status: { hard: { [what]: hard[what] }, used: { [what]: String(used) } } }, 'test');

    beforeAll(async () => {
      ({ spec: { hard } } = await server.admin.get<{ spec: { hard: typeof hard } }>(QUOTA));
    });
    afterAll(() => server.admin.merge(`${QUOTA}/status`, { status: { hard: null, used: null } }, 'test'));

    // Of what the API server says of a Secret nothing is told.
    it.each<[string, Counted, number, () => object, RegExp]>([
      ['Job', 'count/jobs.batch', 50, () => jobOf(() => undefined), /exceeded quota: budget, requested: count\/jobs\.batch=1, used: count\/jobs\.batch=50, limited: count\/jobs\.batch=50/],
      ['Secret', 'secrets', 50, () => ({ metadata: { generateName: 'one-more-' } }), /403 Forbidden/],
      ['ConfigMap', 'configmaps', 100, () => ({ metadata: { generateName: 'one-more-' } }), /exceeded quota: budget, requested: configmaps=1, used: configmaps=100, limited: configmaps=100/],
    ])('with one %s too many, of which there are never half as many', async (_, what, most, ...[object, refusal]) => {
      const { items } = await server.admin.get<{ items: object[] }>(COUNTED[what]);
      expect([hard[what], items.length < most / 2]).toEqual([String(most), true]);
      // By their names it may make few Secrets and ConfigMaps; whoever makes more is counted the same.
      const make = () => answer((what === 'count/jobs.batch' ? token : server.admin).create(COUNTED[what], object()));
      await count(what, most);
      await until('it counts', async () => refusal.test(await make()), true);
      await count(what, most - 2);
      await until('it counts again', make, 'taken');
      expect(await make()).toBe('taken');
      expect(await make()).toMatch(refusal);
    });
  });

  describe('with the manifests of 6.2', () => {
    const importWith = (change: (job: Job) => void = () => undefined) => answer(token.create(JOBS, jobOf(change, 'legacy-import')));
    const withTheirs = ({ spec }: Job) => { spec.template.spec.volumes.push(THEIRS); };

    beforeAll(async () => {
      await synthesize('six', { ...SETTINGS, version: '6.2' });
      await apply('six');
      templates = { ...templates, 'legacy-import': (await server.admin.get<{ template: Template }>(`${CORE}/podtemplates/legacy-import`)).template };
      await until('its policies are in force', async () => [await importWith(withTheirs) === 'taken', await importWith() === 'taken'].join(), 'false,true');
    }, START_MS);

    it('reads the template of the import of old events, and names the step that leads there', async () => {
      expect((await token.get<{ template: Template }>(`${CORE}/podtemplates/legacy-import`)).template).toEqual(templates['legacy-import']);
      await upgradeSteps(token, NAMESPACE).name('5.2-6.2', never);
    });

    it.each<[string, (job: Job) => void, RegExp]>([
      ['with another image', ({ spec }) => { spec.template.spec.containers.forEach((each) => { each.image = 'registry.example.com/theirs:1'; }); }, /not those of PodTemplate legacy-import/],
      ['with another command', ({ spec }) => { spec.template.spec.containers.forEach((each) => { each.command = ['sh', '-c', 'true']; }); }, /not those of PodTemplate legacy-import/],
      ["with the superuser's password", withTheirs, /not those of PodTemplate legacy-import/],
      ['with the pods of a migration', ({ spec }) => { spec.template = structuredClone(templates.migrate); }, /not those of PodTemplate legacy-import/],
      ['that policies take for web', ({ spec }) => { spec.template.metadata.labels['app.kubernetes.io/component'] = 'web'; }, /labels of its pods/],
      ['with many pods', ({ spec }) => { Object.assign(spec, { parallelism: 50, completions: 50 }); }, /has one pod/],
    ])('makes no import of old events %s', async (_, change, refusal) => {
      expect(await importWith(change)).toMatch(refusal);
    });
  });
});
