// What makes a namespace public, and what makes a limit one that is not in force.
import { describe, expect, it } from '@jest/globals';
import { describeLimits, limitProblems, parseKernelLimits, publicWays, type LimitFacts } from '../../sdk/cluster-findings.js';

const service = { name: 'web', type: 'ClusterIP', externalIps: [], ports: [8080] };
const pod = { name: 'web-1', hostNetwork: false, hostPorts: [] };

describe('publicWays', () => {
  it('finds none among ClusterIP services and plain pods', () => {
    expect(publicWays([service], [pod])).toEqual([]);
  });

  it.each([
    ['a NodePort', [{ ...service, type: 'NodePort' }], [], 'service web is a NodePort'],
    ['a LoadBalancer', [{ ...service, type: 'LoadBalancer' }], [], 'service web is a LoadBalancer'],
    ['external addresses', [{ ...service, externalIps: ['1.2.3.4'] }], [], 'service web has external addresses'],
    ['the host network', [], [{ ...pod, hostNetwork: true }], "pod web-1 uses the node's network"],
    ['a host port', [], [{ ...pod, hostPorts: [80] }], 'pod web-1 binds 80 on the node'],
  ])('finds %s', (_sentence, services, pods, expected) => {
    expect(publicWays(services, pods)).toEqual([expected]);
  });
});

const MI = 1024 ** 2;
const part = (name: string, mebibytes: number): LimitFacts => ({
  part: name,
  container: name,
  memory: { manifest: mebibytes * MI, kernel: mebibytes * MI },
  cpu: { manifest: 0.5, kernel: 0.5 },
});
const all = [part('web', 300), part('worker', 250), part('postgres', 150), part('valkey', 50)];

describe('limitProblems', () => {
  it('finds none when the kernel has what the manifest says', () => {
    expect(limitProblems(all)).toEqual([]);
  });

  it('forgives what the kernel rounds', () => {
    expect(limitProblems([{ ...part('web', 300), memory: { manifest: 300 * MI, kernel: 300 * MI - 4000 } }, ...all.slice(1)])).toEqual([]);
  });

  it('accepts an instance without Valkey', () => {
    expect(limitProblems(all.slice(0, 3))).toEqual([]);
  });

  it('finds a part that does not run', () => {
    expect(limitProblems(all.slice(1))).toEqual(['no running pod of web']);
  });

  it.each([
    ['a manifest without a limit', { kernel: 300 * MI }, 'web memory: no limit in the manifest'],
    ['a kernel without a limit', { manifest: 300 * MI }, `web memory: ${300 * MI} in the manifest, none in the kernel`],
    ['a kernel with another limit', { manifest: 300 * MI, kernel: MI }, `web memory: ${300 * MI} in the manifest, ${MI} in the kernel`],
  ])('finds %s', (_sentence, memory, expected) => {
    expect(limitProblems([{ ...part('web', 300), memory }, ...all.slice(1)])).toEqual([expected]);
  });

  it('describes what is in force', () => {
    expect(describeLimits(all.slice(0, 2))).toBe('web 300Mi/0.5, worker 250Mi/0.5');
  });
});

describe('parseKernelLimits', () => {
  it.each([
    ['cgroup v2', '314572800\n50000 100000\n', { memory: 314_572_800, cpu: 0.5 }],
    ['cgroup v2 without limits', 'max\nmax 100000\n', { memory: undefined, cpu: undefined }],
    ['cgroup v1', '157286400\n25000\n100000\n', { memory: 157_286_400, cpu: 0.25 }],
    ['cgroup v1 without limits', '9223372036854771712\n-1\n100000\n', { memory: undefined, cpu: undefined }],
    ['nothing', '', { memory: undefined, cpu: undefined }],
  ])('reads %s', (_sentence, printed, expected) => {
    expect(parseKernelLimits(printed)).toEqual(expected);
  });
});
