/** What is read from the machine: cgroup mounts, containers' cgroups, missing packages, program names. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { clusterModules, programName } from '../../../embedded/binaries.js';
import { inactiveFileBytes, parseCgroupMounts } from '../../../embedded/cgroups.js';
import { containerPath } from '../../../embedded/handle.js';
import { corednsEntry } from '../../../embedded/images/catalog.js';
import { buildKubeconfig } from '../../../embedded/kubeconfig.js';
import { describePackages, imageRequirements, nodeRequirements } from '../../../embedded/packages.js';
import { renderStatus } from '../../../embedded/cluster-status.js';

describe('cgroup mounts', () => {
  it('of version 1, and of the version 2 hierarchy beside it, are found among the others', () => {
    const text = 'tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n';
    expect(parseCgroupMounts(text)).toEqual([
      { target: '/sys/fs/cgroup/memory', version: 1 },
      { target: '/sys/fs/cgroup/unified', version: 2 },
    ]);
  });
});

describe('memory.stat', () => {
  it('of version 1 counts the children in its total, of version 2 in the plain figure', () => {
    expect(inactiveFileBytes('inactive_file 1\ntotal_inactive_file 20\n')).toBe(20);
    expect(inactiveFileBytes('anon 5\ninactive_file 7\n')).toBe(7);
    expect(inactiveFileBytes('')).toBe(0);
  });
});

describe("a container's cgroup", () => {
  const pod = (qosClass: string, containerID?: string) => ({
    metadata: { uid: 'u-1' },
    status: { qosClass, containerStatuses: [{ name: 'web', containerID }], initContainerStatuses: [] },
  });
  it.each([
    ['Burstable', 'kubepods/burstable/podu-1/abc'],
    ['BestEffort', 'kubepods/besteffort/podu-1/abc'],
    ['Guaranteed', 'kubepods/podu-1/abc'],
  ])('of a %s pod is %s', (qosClass, expected) => {
    expect(containerPath(pod(qosClass, 'containerd://abc'), 'web')).toBe(expected);
  });
  it('is unknown before the container has started', () => {
    expect(containerPath(pod('Burstable'), 'web')).toBeUndefined();
  });
});

describe('packages', () => {
  it('are named with what they are for', () => {
    const missing = nodeRequirements.filter((r) => ['containerd', 'runc', 'ipset'].includes(r.debianPackage));
    expect(describePackages(missing)).toBe('containerd runc ipset (needed for running containers, NetworkPolicies (kube-router))');
  });
  it('of the images are each recognised by a file', () => {
    for (const requirement of imageRequirements) expect(requirement.anyOf.length).toBeGreaterThan(0);
  });
});

describe('programs', () => {
  it('have names of their own', () => {
    const names = clusterModules.flatMap((module) => module.packages.map(programName));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['etcd', 'gkinit', 'kube-apiserver', 'metrics-server', 'coredns', 'netpol']));
  });
});

describe('the modules', () => {
  const goMod = readFileSync(fileURLToPath(new URL('../../../embedded/go/kubernetes/go.mod', import.meta.url)), 'utf8');
  it('are of one version of Kubernetes, so that it is compiled once', () => {
    const versions = [...goMod.matchAll(/=> k8s\.io\/\S+ (\S+)/g)].map(([, version]) => version);
    expect(versions.length).toBeGreaterThan(20);
    expect(new Set(versions)).toEqual(new Set(['v0.34.4']));
  });
  it('have the CoreDNS that its image names', () => {
    expect(goMod).toContain(`github.com/coredns/coredns v${corednsEntry('').name.split(':')[1] ?? ''}\n`);
  });
});

describe('a kubeconfig', () => {
  it('is complete on its own', () => {
    const text = buildKubeconfig({ name: 'n', server: 'https://172.30.0.1:6443', authority: 'A', certificate: 'C', key: 'K' });
    expect(text).toContain('server: https://172.30.0.1:6443');
    expect(text).toContain('client-key-data: Sw==');
    expect(text).toContain('current-context: n');
  });
});

describe('the status', () => {
  it('of an instance that is down is one line', () => {
    const state = { name: 'n', running: false, components: [], memory: undefined, node: 'down', kubeconfigPath: '/k' };
    expect(renderStatus(state, 0)).toBe('cluster "n" is down');
  });
  it('shows memory against its limit', () => {
    const memory = { used: 300 * 2 ** 20, workingSet: 200 * 2 ** 20, peak: 400 * 2 ** 20, limit: 2 ** 30 };
    const state = { name: 'n', running: true, components: [], memory, node: 'Ready', kubeconfigPath: '/k' };
    expect(renderStatus(state, 0)).toContain('300Mi used, 200Mi without idle file pages, 400Mi peak, limit 1024Mi');
  });
});
