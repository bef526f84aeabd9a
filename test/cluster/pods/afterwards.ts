// What all the tests before left behind: no credential and no row of the database anywhere, a node that never ran out of memory, a neighbour that was served.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { ExecaError } from 'execa';
import { status } from '../../../embedded/index.js';
import { letTimePass } from '../support/alerts.js';
import { found, textOf, type Canaries, type ProcessWatch } from '../support/canaries.js';
import { cli, findingsIn } from '../support/cli.js';
import { memoryKills } from '../support/kernel-log.js';
import type { Neighbour } from '../support/neighbour.js';
import { printFigure } from '../support/fault-report.js';
import { glitchTip } from '../support/requested-rotations.js';
import type { Stack } from '../support/stack.js';
import { waitFor } from '../support/wait.js';

const MEBIBYTE = 2 ** 20;
const PAGE = 4096;
/** The password that the postgres image was first started with, by the names that it had. */
const POSTGRES_OWN = ['glitchtip-postgres/password', 'glitchtip-rotation/previous.operator-postgres-password'];
const FLAPPING_SECONDS = 900;
/** What a person would call slow. Milliseconds. */
const NEIGHBOUR_P99 = 1000;

export interface Monitors {
  readonly canaries: Canaries;
  readonly elsewhere: ReadonlyMap<string, string>;
  readonly processes: ProcessWatch;
  readonly neighbour: Neighbour;
}

export function describeAfterwards(stack: Stack, monitors: () => Monitors): void {
  describe('after all this', () => {
    it('no credential and no row is in a manifest, an object, an event, a log, the manifest of a copy, a process argument or an environment (but for one that the official postgres image exports)', async () => {
      const { processes, elsewhere, canaries: collector } = monitors();
      const current = await collector.collect();
      const canaries = collector.all;
      expect(new Set(current.map(({ name }) => name)).size).toBeGreaterThanOrEqual(6);
      expect(canaries.length).toBeGreaterThanOrEqual(current.length);
      const objects = await stack.cluster.kubectl(['get', 'all,configmaps,events,persistentvolumeclaims,gt', '--all-namespaces', '--output', 'yaml']);
      const places = {
        'dist/': await textOf(stack.manifests.folder),
        'objects and events': objects,
        'logs of the pods': await podLogs(stack),
        'logs of the node': await textOf(stack.cluster.paths.log),
        'arguments of processes': processes.arguments,
        ...Object.fromEntries(elsewhere),
      };
      expect([...elsewhere].filter(([, text]) => text === '')).toEqual([]);
      printFigure(`looked for ${canaries.length} credentials and rows in ${Object.entries(places).map(([place, text]) => `${place} (${Math.ceil(text.length / 1024)} KiB)`).join(', ')}`);
      const leaks: Record<string, string[]> = {};
      for (const [place, text] of Object.entries(places)) leaks[place] = await found(canaries, text);
      expect(leaks).toEqual(Object.fromEntries(Object.keys(places).map((place) => [place, []])));
      // The official image's entrypoint reads POSTGRES_PASSWORD_FILE and exports what it read to the server.
      expect((await found(canaries, processes.environments)).filter((name) => !POSTGRES_OWN.includes(name))).toEqual([]);
      expect(await found(current, await stack.kubectl('get', 'secrets', '--output', 'yaml'))).toHaveLength(current.length);
    }, 120_000);

    it('`glitchkeeper bundle` holds no credential that there ever was, and `glitchkeeper doctor` finds nothing wrong', async () => {
      const file = join(stack.manifests.folder, '..', 'support.tar.gz');
      await cli(stack, 'bundle', '--output', file);
      const archive = gunzipSync(await readFile(file)).toString('latin1');
      expect(archive).toContain('logs/');
      expect(await found(monitors().canaries.all, archive)).toEqual([]);
      // What came three times in half an hour is over when it has not come for a quarter of an hour, which is not waited for.
      if (((await glitchTip(stack)).health?.incidents ?? []).length > 0) await letTimePass(stack, FLAPPING_SECONDS);
      // With a failure it exits with 1. What a test repaired a moment ago is over with the next checks; a kill for memory is told for ten minutes.
      const findings = await waitFor({ what: '`glitchkeeper doctor` to find nothing wrong', seconds: 1_000, every: 5 }, async () => ({ found: findingsIn(await cli(stack, 'doctor', '--json')) }));
      expect(findings.length).toBeGreaterThan(20);
      expect(findings.filter(({ level }) => level === 'failure')).toEqual([]);
    }, 1_100_000);

    it('the whole node stayed inside its 1.9 GiB: no limit but those of single pods ended in a kill', async () => {
      const { cgroup } = stack.cluster;
      const kills = await memoryKills(cgroup.name);
      expect(kills.filter((path) => !path.includes('/kubepods/') || !path.includes('/pod'))).toEqual([]);
      const memory = await stack.cluster.memory();
      printFigure(`memory of the whole node: ${Math.round((memory?.used ?? 0) / MEBIBYTE)}Mi, peak ${Math.round((memory?.peak ?? 0) / MEBIBYTE)}Mi (page cache included), limit ${Math.round((memory?.limit ?? 0) / MEBIBYTE)}Mi`);
      // The kernel counts in pages.
      expect(memory?.limit).toBe(Math.floor((1.9 * 2 ** 30) / PAGE) * PAGE);
      const { components, node } = await status({ name: stack.name });
      expect(node).toBe('Ready');
      expect(components.filter(({ restarts }) => restarts > 0)).toEqual([]);
      const evicted = await stack.cluster.kubectl(['get', 'pods', '--all-namespaces', '--output', 'jsonpath={.items[?(@.status.reason=="Evicted")].metadata.name}']);
      expect(evicted).toBe('');
    }, 60_000);

    it('the neighbour in the same cgroup was answered all the time', () => {
      const { asked, unanswered, p50, p99, longest } = monitors().neighbour.latencies();
      printFigure(`neighbour: asked ${asked} times, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(0)} ms, longest ${longest.toFixed(0)} ms`);
      expect(asked).toBeGreaterThan(100);
      expect(unanswered).toEqual([]);
      expect(p99).toBeLessThan(NEIGHBOUR_P99);
    });
  });
}

/** Logs of every container of the namespace, of its predecessor too. */
async function podLogs(stack: Stack): Promise<string> {
  const names = (await stack.kubectl('get', 'pods', '--output', 'jsonpath={.items[*].metadata.name}')).split(' ');
  const logs = names.map((name) => stack.kubectl('logs', name, '--all-containers', '--prefix').catch(printedAllTheSame));
  // A container that never restarted has no predecessor.
  const previous = names.map((name) => stack.kubectl('logs', name, '--all-containers', '--previous').catch(() => ''));
  return (await Promise.all([...logs, ...previous])).join('\n');
}

/** A pod that ended since it was listed has no log any more; of one that ended in an init container the later ones have none. */
function printedAllTheSame(error: unknown): string {
  if (String(error).includes('NotFound')) return '';
  if (error instanceof ExecaError && String(error.stderr).includes('is waiting to start')) return String(error.stdout);
  throw error;
}
