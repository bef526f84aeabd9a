// dist/ as other tools apply it: all folders at once, by kustomize, and server-side by whoever manages the cluster from git.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa, type Result } from 'execa';
import { RestoreObjects } from '../../operator/io/kubernetes/restore-objects.js';
import { Workloads } from '../../operator/io/kubernetes/workloads.js';
import { START_MS, startControlPlane, type ControlPlane } from './control-plane.js';
import { NAMESPACE } from './operator-stage.js';
import { NO_SETTINGS } from '../support/settings.js';

const never = new AbortController().signal;

describe('dist/', () => {
  let server: ControlPlane;
  let folder: string;

  const kubectl = (...args: string[]): Promise<Result> => execa(server.kubectl, ['--kubeconfig', server.kubeconfig, ...args], { reject: false });
  const applied = async (...args: string[]) => {
    const { exitCode, stderr } = await kubectl('apply', '--warnings-as-errors', ...args);
    return { exitCode, stderr };
  };
  /** Kind, name and version of everything. */
  const objects = async (): Promise<string[]> => {
    const kinds = 'deployments,statefulsets,jobs,podtemplates,services,configmaps,networkpolicies,roles,rolebindings,serviceaccounts,persistentvolumeclaims,resourcequotas';
    const { stdout } = await kubectl('get', `${kinds},validatingadmissionpolicies,validatingadmissionpolicybindings,crds`, '--namespace', NAMESPACE, '--output', 'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}');
    return String(stdout).split('\n').filter((line) => line !== '').sort();
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-gitops-'));
    await execa('node', ['build/main.js'], { env: { GLITCHKEEPER_SETTINGS: NO_SETTINGS, CDK8S_OUTDIR: folder } });
    server = await startControlPlane();
  }, START_MS);
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('has files for the host, and no tool takes them for manifests', async () => {
    const files = (await readdir(folder, { recursive: true })).filter((file) => file.startsWith('host/') && file !== 'host/k3s.service.d');
    expect(files.sort()).toEqual(['host/k3s.config', 'host/k3s.service.d/10-glitchkeeper.conf']);
    expect(files.filter((file) => /\.(ya?ml|json)$/.test(file))).toEqual([]);
  });

  it('is applied with all its folders', async () => {
    expect(await applied('-R', '-f', folder)).toEqual({ exitCode: 0, stderr: '' });
  }, 60_000);

  it.each(['argocd-controller', 'kustomize-controller'])('is taken over by %s, server-side and without a conflict; a second time nothing changes', async (manager) => {
    const take = () => applied('--server-side', `--field-manager=${manager}`, '-f', folder);
    expect(await take()).toEqual({ exitCode: 0, stderr: '' });
    const before = await objects();
    expect(before.length).toBeGreaterThan(40);
    expect(await take()).toEqual({ exitCode: 0, stderr: '' });
    expect(await objects()).toEqual(before);
  }, 120_000);

  it('keeps the mark of a rotation when it is applied in the middle of one, from git or by hand', async () => {
    const workloads = new Workloads(server.apiFor(await server.tokenOf(NAMESPACE, 'glitchkeeper')), NAMESPACE);
    await workloads.roll('web', 'rotation-1', never);
    const mark = async () => (await workloads.observe('web', never)).rotation;
    expect(await applied('--server-side', '--field-manager=kustomize-controller', '--force-conflicts', '-f', folder)).toMatchObject({ exitCode: 0 });
    expect(await mark()).toBe('rotation-1');
    expect(await applied('-f', folder)).toMatchObject({ exitCode: 0 });
    expect(await mark()).toBe('rotation-1');
  }, 120_000);

  it('is refused web and worker without force while a restore has stopped them, and nothing else, and taken again afterwards', async () => {
    const api = server.apiFor(await server.tokenOf(NAMESPACE, 'glitchkeeper'));
    const scale = async (replicas: 0 | 1) => {
      for (const name of ['web', 'worker']) await new RestoreObjects(api, NAMESPACE).scale(name, replicas, never);
    };
    const take = (...how: string[]) => applied('--server-side', '--field-manager=kustomize-controller', ...how, '-f', folder);
    await scale(0);
    const { exitCode, stderr } = await take();
    expect(exitCode).toBe(1);
    expect(String(stderr).match(/conflict with "[^"]+".*|\.spec\S+/g)).toEqual(Array.from({ length: 2 }, () => 'conflict with "glitchkeeper-restore" using apps/v1: .spec.replicas'));
    // Their pods refuse to begin then: release-guard.test.ts.
    expect(await take('--force-conflicts')).toEqual({ exitCode: 0, stderr: '' });
    await scale(0);
    await scale(1);
    expect(await take()).toEqual({ exitCode: 0, stderr: '' });
  }, 120_000);

  it('is what a kustomization of all its files builds, and that is applied without a change', async () => {
    const files = (await readdir(folder, { recursive: true })).filter((file) => /\.ya?ml$/.test(file)).sort();
    await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: files }));
    await applied('--server-side', '--field-manager=kustomize-controller', '-k', folder);
    const before = await objects();
    expect(await applied('--server-side', '--field-manager=kustomize-controller', '-k', folder)).toEqual({ exitCode: 0, stderr: '' });
    expect(await objects()).toEqual(before);
  }, 120_000);
});
