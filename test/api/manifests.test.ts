// Every manifest that the settings can make, tried by a real API server: strict fields, no warning, no deprecated API.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa, type Result } from 'execa';
import { stringify } from 'yaml';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { installHttpsKinds } from '../support/https-kinds.js';
import { START_MS, startControlPlane, type ControlPlane } from './control-plane.js';

/** Files of dist/ in which https by k3s' Traefik is one more. */
const FILES = 4;

const VARIANTS: readonly (readonly [string, SettingsInput])[] = [
  ['classic 5.2', { version: '5.2' }],
  ['classic 5.2 without a gateway', { version: '5.2', gateway: { enabled: false } }],
  ['classic 6.2', { version: '6.2' }],
  ['tiny 6.2', { version: '6.2', profile: 'tiny' }],
  ['the operator as an image', { operator: { bundle: 'image' }, images: { operator: 'registry.example.com/glitchkeeper-operator:0.1.0' } }],
  ['https, with clients in another namespace', { domain: 'https://errors.example.com', network: { clients: ['kube-system'], workerToInternet: false } }],
  ["https by k3s' Traefik, which gets a certificate", { domain: 'https://errors.example.org', https: { mode: 'traefik', acme: { email: 'ops@glitchtip.invalid' } } }],
  ["https by k3s' Traefik, for events alone, with a certificate of a Secret", { domain: 'https://errors.example.org', https: { mode: 'secret', secret: 'errors-tls', public: 'ingest' }, gateway: { enabled: false }, host: { memory: '2.1Gi' } }],
  ['https by a certificate that cert-manager gets', { domain: 'https://errors.example.org', https: { mode: 'cert-manager', acme: { email: 'ops@glitchtip.invalid' }, certManager: { budget: 'none' }, acceptPlainEvents: '2027-03-01' } }],
  ["https by Traefik's own certificate", { domain: 'https://errors', https: { mode: 'self-signed' } }],
  ['https by a Gateway of yours', { domain: 'https://errors.example.org', https: { gateway: { name: 'public', namespace: 'ingress' }, acceptPlainEvents: '2027-03-01' }, network: { clients: ['ingress'] } }],
  ['https by a Cloudflare Tunnel', { domain: 'https://errors.example.org', https: { mode: 'tunnel' } }],
  ['a load balancer, on nodes of its own', {
    service: { type: 'LoadBalancer', allowPublic: true, port: 80 },
    pods: { nodeSelector: { 'kubernetes.io/hostname': 'errors' }, tolerations: [{ key: 'dedicated', value: 'errors', effect: 'NoSchedule' }, { operator: 'Exists' }], imagePullSecrets: ['registry'] },
  }],
  ['backups off the host, encrypted', {
    backup: {
      store: 's3', recipients: ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'],
      s3: { endpoint: 'http://192.168.1.25:9000', bucket: 'copies', prefix: 'hosts/a/', headers: { 'x-amz-server-side-encryption': 'AES256' }, privateNetworks: ['192.168.1.0/24', 'fd00:7::/64'] },
    },
  }],
  ['no backups, and a move from an old server', { backup: { store: 'none' }, move: { from: 'http://192.168.1.30:9000', organization: 'acme', privateNetworks: ['192.168.1.30', 'fd00:7::/64'] } }],
  ['a port of the node', { service: { type: 'NodePort', allowPublic: true, port: 30080 } }],
  ['the world outside by both families of addresses', {
    network: {
      workerToPrivate: ['10.0.0.0/8', '192.168.1.25', 'FD00:0:0::/16'], clusterRanges: ['10.42.0.0/16', '10.43.0.0/16', '2001:db8:42::/56', 'fd00:42::/32'],
      dnsServers: ['169.254.20.10', 'fd00::10'], apiServer: { addresses: ['198.51.100.2', '2001:db8::2'], ports: [6443] },
    },
  }],
];

/** Of Traefik or of a Gateway: those of a tunnel are Cloudflare's. */
const hasRoutes = ({ mode = 'none', gateway }: NonNullable<SettingsInput['https']> = {}): boolean => gateway !== undefined || !['none', 'tunnel'].includes(mode);

describe('manifests on a real API server', () => {
  let server: ControlPlane;
  let folder: string;

  const kubectl = (args: readonly string[], input = ''): Promise<Result> =>
    execa(server.kubectl, ['--kubeconfig', server.kubeconfig, ...args], { input, reject: false });
  const dryRun = (path: string, input?: string) =>
    kubectl(['apply', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', path], input);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-manifests-'));
    server = await startControlPlane();
    for (const [index, [, settings]] of VARIANTS.entries()) {
      const base = join(folder, String(index));
      await writeFile(`${base}.yaml`, stringify(settings));
      await execa('node', ['build/main.js'], { env: { GLITCHKEEPER_SETTINGS: `${base}.yaml`, CDK8S_OUTDIR: base } });
    }
    // A dry run makes nothing, so that what others need is really there: the namespace, with PodSecurity's warnings.
    const namespace = await kubectl(['apply', '--warnings-as-errors', '-f', join(folder, '0', '0000-namespace.k8s.yaml')]);
    if (namespace.failed) throw new Error(`the namespace was refused: ${String(namespace.stderr)}`);
    await installHttpsKinds((args, input) => kubectl([...args, '--warnings-as-errors'], input));
  }, START_MS);
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(VARIANTS.map(([name, { https }], index) => [name, index, FILES + (hasRoutes(https) ? 1 : 0)] as const))('%s: every object is accepted, strictly and without a warning', async (_, index, count) => {
    const files = (await readdir(join(folder, String(index)))).filter((file) => file.endsWith('.yaml'));
    expect(files).toHaveLength(count);
    const { exitCode, stdout, stderr } = await dryRun(join(folder, String(index)));
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = String(stdout).split('\n');
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.filter((line) => !line.endsWith(' (server dry run)'))).toEqual([]);
  }, 60_000);

  it('no request used a deprecated API', async () => {
    const { stdout } = await kubectl(['get', '--raw', '/metrics']);
    const metrics = String(stdout).split('\n');
    expect(metrics.some((line) => line.startsWith('apiserver_request_total'))).toBe(true);
    expect(metrics.filter((line) => line.startsWith('apiserver_requested_deprecated_apis{'))).toEqual([]);
  });

  it('would have seen an unknown field, a warning and a deprecated API', async () => {
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', namespace: 'glitchtip' }, dat: {} };
    expect(String((await dryRun('-', JSON.stringify(config))).stderr)).toMatch(/dat: field not declared in schema|unknown field "dat"/);
    const template = { metadata: { labels: { app: 'one' } }, spec: { containers: [{ name: 'one', image: 'one:1' }] } };
    const careless = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'one', namespace: 'glitchtip' }, spec: { selector: { matchLabels: { app: 'one' } }, template } };
    const answer = await dryRun('-', JSON.stringify(careless));
    expect({ exitCode: answer.exitCode, stderr: String(answer.stderr) }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('would violate PodSecurity "restricted') });
    await kubectl(['get', 'componentstatuses']);
    const { stdout } = await kubectl(['get', '--raw', '/metrics']);
    expect(String(stdout)).toMatch(/^apiserver_requested_deprecated_apis\{.*resource="componentstatuses"/m);
  }, 60_000);
});
