/** The configuration files and argument lists of the node. */
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { networkFor } from '../../../embedded/address.js';
import { buildComponents } from '../../../embedded/config/components.js';
import { buildFiles, buildMeminfo } from '../../../embedded/config/files.js';
import type { Layout } from '../../../embedded/config/layout.js';
import { resolveOptions, type ClusterOptions } from '../../../embedded/cluster-options.js';

function layoutFor(options: ClusterOptions = {}, more: Partial<Layout> = {}): Layout {
  return {
    settings: resolveOptions(options, { GLITCHKEEPER_STATE: '/state' }),
    network: networkFor(7),
    binaries: {
      etcd: '/bin/etcd',
      apiserver: '/bin/apiserver',
      controllerManager: '/bin/controllerManager',
      scheduler: '/bin/scheduler',
      kubelet: '/bin/kubelet',
      proxy: '/bin/proxy',
      kubectl: '/bin/kubectl',
      coredns: '/bin/coredns',
      netpol: '/bin/netpol',
      localPath: '/bin/localPath',
      metricsServer: '/bin/metricsServer',
      init: '/bin/init',
    },
    system: { containerd: '/usr/bin/containerd', ctr: '/usr/bin/ctr', cniPlugins: '/usr/lib/cni' },
    runsPods: true,
    policiesLack: undefined,
    ...more,
  };
}

function argumentsOf(name: string, options: ClusterOptions = {}): readonly string[] {
  return buildComponents(layoutFor(options)).find((component) => component.name === name)?.argv ?? [];
}

const list = z.object({
  items: z.array(z.object({
    kind: z.string(),
    metadata: z.object({ name: z.string() }),
    data: z.record(z.string(), z.string()).optional(),
    spec: z.looseObject({ template: z.object({ metadata: z.object({ labels: z.unknown() }) }).optional() }).optional(),
  })),
});
type Addon = z.infer<typeof list>['items'][number];

function addons(files: Readonly<Record<string, string>>): readonly Addon[] {
  return list.parse(JSON.parse(files['addons.json'] ?? '')).items;
}

function addon(files: Readonly<Record<string, string>>, kind: string, name: string): Addon {
  const found = addons(files).find((candidate) => candidate.kind === kind && candidate.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

const meminfo = 'MemTotal:       24683656 kB\nMemFree:        17740444 kB\nSwapTotal:       1000 kB\nSwapFree:        900 kB\n';

describe('the components', () => {
  it('start with what the others need, and each has a log of its own', () => {
    const components = buildComponents(layoutFor());
    expect(components.map((component) => component.name).slice(0, 3)).toEqual(['etcd', 'containerd', 'kube-apiserver']);
    expect(new Set(components.map((component) => component.log)).size).toBe(components.length);
  });
  it('listen on the node address or on loopback, never on every address of a machine', () => {
    for (const { argv } of buildComponents(layoutFor())) expect(argv.join(' ')).not.toContain('0.0.0.0');
  });
  it('the API server writes an audit log only when asked', () => {
    expect(argumentsOf('kube-apiserver').join(' ')).not.toContain('audit');
    expect(argumentsOf('kube-apiserver', { audit: '/tmp/audit.log' })).toContain('--audit-log-path=/tmp/audit.log');
  });
  it('kube-proxy leaves the sysctls of the machine alone', () => {
    expect(argumentsOf('kube-proxy')).toEqual(expect.arrayContaining(['--conntrack-max-per-core=0']));
  });
  it('kube-proxy keeps out of the table that the policy engine writes back as a whole', () => {
    expect(argumentsOf('kube-proxy')).toContain('--proxy-mode=nftables');
  });
  it('NetworkPolicies are enforced, unless the kernel cannot', () => {
    expect(argumentsOf('netpol')).toContain('--services=10.96.0.0/16');
    const names = buildComponents(layoutFor({}, { policiesLack: 'xt_set' })).map(({ name }) => name);
    expect(names).not.toContain('netpol');
    expect(names).toContain('kube-proxy');
  });
  it('nothing secret is on a command line: keys are named by their files', () => {
    for (const { argv } of buildComponents(layoutFor())) expect(argv.join(' ')).not.toMatch(/BEGIN|password|token=/i);
  });
});

describe('the configuration files', () => {
  const files = buildFiles(layoutFor(), 'PEM', meminfo);
  const kubelet: unknown = parse(files['kubelet.yaml'] ?? '');
  it("the kubelet rotates containers' logs at 10 MB, three files each", () => {
    expect(kubelet).toMatchObject({ containerLogMaxSize: '10Mi', containerLogMaxFiles: 3 });
  });
  it('the kubelet keeps the control plane out of what pods may use', () => {
    expect(kubelet).toMatchObject({ kubeReserved: { memory: String(500 * 2 ** 20) } });
  });
  it("local images are never collected as garbage", () => {
    expect(kubelet).toMatchObject({ imageGCHighThresholdPercent: 100 });
  });
  it('containerd does not lower OOM scores, for which it would need CAP_SYS_RESOURCE', () => {
    expect(files['containerd.toml']).toContain('restrict_oom_score_adj = true');
  });
  it('local-path is the default StorageClass and its volumes lie in the state folder', () => {
    expect(files['addons.json']).toContain('"storageclass.kubernetes.io/is-default-class": "true"');
    expect(files['local-path.json']).toContain('/state/clusters/glitchkeeper/volumes');
  });
  it('names outside the cluster do not exist', () => {
    expect(addon(files, 'ConfigMap', 'coredns').data?.['Corefile']).toContain('rcode NXDOMAIN');
  });
  it('DNS is a pod that policies can name, behind the Service that pods are told of', () => {
    const pod = addon(files, 'Deployment', 'coredns').spec?.template?.metadata.labels;
    expect(pod).toEqual({ 'k8s-app': 'kube-dns' });
    expect(addon(files, 'Service', 'kube-dns').spec).toMatchObject({ clusterIP: '10.96.0.10', selector: pod });
    expect(kubelet).toMatchObject({ clusterDNS: ['10.96.0.10'] });
  });
  it('without images there is no pod of DNS that would wait for one', () => {
    const names = addons(buildFiles(layoutFor({}, { runsPods: false }), 'PEM', meminfo)).map(({ kind }) => kind);
    expect(names).toContain('Service');
    expect(names).not.toContain('Deployment');
  });
  it('the node believes in the memory of its cgroup, and in no swap', () => {
    const text = buildMeminfo(meminfo, 2 ** 30);
    expect(text).toBe('MemTotal:       1048576 kB\nMemFree:        17740444 kB\nSwapTotal:       0 kB\nSwapFree:        0 kB\n');
  });
  it('without a limit the machine’s own memory is left to be seen', () => {
    expect(buildFiles(layoutFor({ memory: 'none' }), 'PEM', meminfo)['init.json']).not.toContain('/proc/meminfo');
    expect(files['init.json']).toContain('/proc/meminfo');
  });
});
