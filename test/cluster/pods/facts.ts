// What runs is what the manifests say: the kernel's limits, Postgres' and Valkey's parameters, the operator's rights, a second apply.
import { describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { z } from 'zod';
import { serverParameters } from '../../../charts/parts/postgres.js';
import { bytesOf, milliCpuOf } from '../../../charts/quantity.js';
import { valkeyConfiguration } from '../../../charts/parts/valkey.js';
import { SECRETS } from '../../../charts/part-names.js';
import { sql } from '../support/stored-events.js';
import { PARTS, presentPod } from '../support/parts.js';
import { printFigure } from '../support/fault-report.js';
import { objectsIn } from '../support/manifest-objects.js';
import type { Stack } from '../support/stack.js';
import { info, valkey } from '../support/queue-access.js';
import { waitFor, when } from '../support/wait.js';

const amounts = z.object({ cpu: z.string(), memory: z.string() });
const workload = z.object({
  kind: z.enum(['Deployment', 'StatefulSet']),
  spec: z.object({ template: z.object({
    metadata: z.object({ labels: z.record(z.string(), z.string()) }),
    spec: z.object({ containers: z.array(z.object({ name: z.string(), resources: z.object({ limits: amounts }) })).length(1) }),
  }) }),
});

/** Limits in the manifests by part, as the kernel counts them. */
function manifestLimits(folder: string): Map<string, { memory: number; milliCpu: number }> {
  const found = objectsIn(folder).flatMap((object) => {
    const { data } = workload.safeParse(object);
    if (data === undefined) return [];
    const { metadata, spec } = data.spec.template;
    const limits = spec.containers[0]?.resources.limits;
    if (limits === undefined) return [];
    return [[metadata.labels['app.kubernetes.io/component'] ?? '', { memory: bytesOf(limits.memory), milliCpu: milliCpuOf(limits.cpu) }] as const];
  });
  return new Map(found);
}

const listed = z.object({ items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).min(1) });

/** The objects of the manifests, without what changes by itself: others write status whenever they have something to say, and with it the version. */
async function asManifested(stack: Stack): Promise<object[]> {
  const { items } = listed.parse(JSON.parse(await stack.cluster.kubectl(['get', '-f', stack.manifests.folder, '--output', 'json'])));
  return items.map((object) => ({ ...object, status: undefined, metadata: { ...object.metadata, resourceVersion: undefined, managedFields: undefined } }));
}

export function describeFacts(stack: Stack): void {
  describe('what runs is what the manifests say', () => {
    it('limits in the kernel: memory and CPU of all parts', async () => {
      const manifests = manifestLimits(stack.manifests.folder);
      const pods = await stack.pods();
      expect([...manifests.keys()].toSorted()).toEqual([...PARTS].toSorted());
      for (const part of PARTS) {
        const kernel = await stack.cluster.containerLimits(presentPod(pods, part).container);
        printFigure(`${part}: ${(kernel.memory ?? 0) / 2 ** 20}Mi, ${kernel.milliCpu ?? 0}m`);
        expect({ part, ...kernel }).toEqual({ part, ...manifests.get(part) });
      }
    });

    it('PostgreSQL has the parameters that follow from its limit', async () => {
      const wanted = serverParameters(stack.manifests.settings);
      const shown = await sql(stack, Object.keys(wanted).map((name) => `SELECT '${name}', current_setting('${name}');`).join('\n'));
      printFigure(shown.join(', ').replaceAll('|', '='));
      expect(Object.fromEntries(shown.map((line) => line.split('|')))).toEqual(wanted);
      expect(wanted).toMatchObject({ shared_buffers: '37MB', effective_cache_size: '112MB', max_locks_per_transaction: '256' });
    });

    it('Valkey is durable to the second, full at its share of the limit, and evicts nothing', async () => {
      const names = ['maxmemory', 'appendonly', 'appendfsync', 'maxmemory-policy'];
      const answers = (await valkey(stack, ...names.map((name) => `CONFIG GET ${name}`))).filter((line) => line !== '');
      printFigure(answers.join(' '));
      const megabytes = /^maxmemory (\d+)mb$/m.exec(valkeyConfiguration(stack.manifests.settings))?.[1];
      expect(answers).toEqual(['maxmemory', String(Number(megabytes) * 2 ** 20), 'appendonly', 'yes', 'appendfsync', 'everysec', 'maxmemory-policy', 'noeviction']);
      expect(await info(stack, 'used_memory')).toBeGreaterThan(0);
    });

    it('applying twice changes nothing: only "unchanged", no new generation, no new version, no difference', async () => {
      const before = await asManifested(stack);
      const printed = (await stack.apply()).split('\n');
      expect(printed.filter((line) => !/ unchanged$/.test(line))).toEqual([]);
      expect(await asManifested(stack)).toEqual(before);
      expect(await stack.cluster.kubectl(['diff', '-f', stack.manifests.folder])).toBe('');
    }, 120_000);

    it('the operator may read its Secrets and no other, may not list them, and may not exec', async () => {
      const token = await stack.kubectl('create', 'token', 'glitchkeeper');
      const { binaries, network, paths } = stack.cluster;
      const access = ['--kubeconfig=/dev/null', `--server=${network.server}`, `--certificate-authority=${paths.pki}/ca.crt`, `--token=${token}`];
      const ask = async (...args: string[]): Promise<string> => {
        const { stdout, stderr, exitCode } = await execa(binaries.kubectl, [...access, '--namespace', stack.namespace, ...args], { reject: false });
        return exitCode === 0 ? stdout : /Forbidden|forbidden/.test(stderr) ? 'forbidden' : stderr;
      };
      await stack.kubectl('create', 'secret', 'generic', 'somebody-elses', '--from-literal=key=value');
      try {
        expect(await ask('get', 'secret', SECRETS.application, '--output', 'name')).toBe(`secret/${SECRETS.application}`);
        expect(await ask('get', 'secrets')).toBe('forbidden');
        expect(await ask('get', 'secret', 'somebody-elses')).toBe('forbidden');
        expect(await ask('delete', 'secret', SECRETS.application)).toBe('forbidden');
        expect(await ask('get', 'pods', '--namespace', 'kube-system')).toBe('forbidden');
        expect(await ask('auth', 'can-i', 'create', 'pods/exec', '--quiet')).toBe('');
      } finally {
        await stack.kubectl('delete', 'secret', 'somebody-elses');
      }
    }, 60_000);

    it('the operator says that all is well', async () => {
      await waitFor({ what: 'the GlitchTip resource to be Ready', seconds: 60 }, async () => {
        const status = await stack.kubectl('get', 'gt', 'glitchtip', '--output', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}');
        return when(status === 'True', status);
      });
    }, 90_000);
  });
}
