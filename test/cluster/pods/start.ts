// `npm start` itself: from nothing to a table and a URL, and after Ctrl-C nothing is left of it.
import { readFile, readdir } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { send } from '../../sdk/http-client.js';
import { recordMeasurement } from '../../support/measurements.js';
import { cacheRoot, resolveOptions, stateRoot } from '../../../embedded/cluster-options.js';
import { exists } from '../../../embedded/filesystem.js';
import { printFigure } from '../support/fault-report.js';
import type { NpmStart, Printed } from '../support/npm-start.js';
import type { Stack } from '../support/stack.js';

export function describeStart(stack: Stack, npmStart: NpmStart): void {
  describe('npm start', () => {
    let printed: Printed = { seconds: 0, port: 0 };
    beforeAll(async () => {
      printed = await npmStart.ready();
    }, 660_000);

    it('ends with a table of all parts, their memory and limits', () => {
      printFigure(`npm start: table and URL after ${printed.seconds.toFixed(0)} s`);
      recordMeasurement({ what: 'npm start, from nothing to the URL', value: Math.round(printed.seconds), unit: 's' });
      const rows = npmStart.output.split('\n').filter((line) => /^│ (operator|postgres|valkey|gateway|migrate|web|worker) /.test(line));
      expect(rows.map((row) => row.split('│')[1]?.trim())).toEqual(['operator', 'postgres', 'valkey', 'gateway', 'migrate', 'web', 'worker']);
      expect(rows.filter((row) => !/│ (ready|done) +│/.test(row))).toEqual([]);
      expect(rows.find((row) => row.startsWith('│ web'))).toMatch(/ \d+Mi \/ 300Mi │ +0 │/);
    });

    it('says the URL, who signs in, and the command that shows the password, but not the password', async () => {
      expect(npmStart.output).toContain(`http://localhost:${printed.port}`);
      expect(npmStart.output).toContain('admin@example.com');
      const command = /^password:\s+(.+)$/m.exec(npmStart.output)?.[1] ?? '';
      const { stdout: password } = await execa('sh', ['-c', command]);
      expect(password.length).toBeGreaterThan(15);
      expect(npmStart.output).not.toContain(password);
    });

    it("says whether GlitchTip is the tests' double", () => {
      const noted = [...npmStart.output.matchAll(/^NOTE: (\S+) was made on this machine .* It is the tests' double/gm)].map(([, image]) => image);
      expect(noted).toEqual(stack.cluster.doubles);
    });

    it('forwards the port: the page and the health check answer', async () => {
      expect(await send({ url: `http://localhost:${printed.port}/_health/` })).toMatchObject({ status: 200, body: 'ok' });
      expect((await send({ url: `http://localhost:${printed.port}/api/settings/` })).status).toBe(200);
    });
  });
}

/** The last of all: the cluster is gone afterwards. */
export function describeEnd(stack: Stack, npmStart: NpmStart): void {
  it('Ctrl-C leaves nothing behind: no process, no cgroup, no network namespace, no data', async () => {
    const { paths, resource } = resolveOptions({ name: stack.name }, process.env);
    expect(await npmStart.interrupt()).toEqual({ exitCode: 0, signal: undefined });
    expect(await processesNaming(`/clusters/${stack.name}/`)).toEqual([]);
    const hierarchies = await readdir('/sys/fs/cgroup');
    const groups = await Promise.all(['', ...hierarchies].map((hierarchy) => exists(`/sys/fs/cgroup/${hierarchy}/${resource}`)));
    expect(groups).not.toContain(true);
    expect(await exists(`/run/netns/${resource}`)).toBe(false);
    expect(await exists(paths.root)).toBe(false);
    expect((await readFile('/proc/self/mounts', 'utf8')).includes(paths.root)).toBe(false);
    // What was built stays: the next start is a warm one.
    expect([await exists(stateRoot(process.env)), await exists(cacheRoot(process.env))]).toEqual([true, true]);
  }, 120_000);
}

/** Command lines of this machine's processes that contain a text. */
async function processesNaming(text: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return commands.filter((command) => command.includes(text)).map((command) => command.replaceAll('\0', ' '));
}
