// `npm start` itself: from nothing to a table and a URL, and after Ctrl-C nothing is left of it.
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa, type ResultPromise } from 'execa';
import { send } from '../sdk/http-client.js';
import { freePort } from '../api/control-plane.js';
import { down } from '../../embedded/index.js';
import { cacheRoot, resolveOptions, stateRoot } from '../../embedded/cluster-options.js';
import { exists } from '../../embedded/filesystem.js';
import { tell } from './support/fault-report.js';
import { waitFor, when } from './support/wait.js';

const NAME = 'start';
const RESOURCE = `glitchkeeper-${NAME}`;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('npm start', () => {
  let port = 0;
  let running: ResultPromise<{ all: true; reject: false; cwd: string; forceKillAfterDelay: false }> | undefined;
  let printed = '';
  let seconds = 0;

  beforeAll(async () => {
    await down({ name: NAME, delete: true });
    port = await freePort();
    const started = Date.now();
    // The program behind `npm start`: a signal to npm would reach it through two shells.
    running = execa('node', ['--import', 'tsx', 'start/main.ts', '--embedded', '--name', NAME, '--port', String(port)], { all: true, reject: false, cwd: ROOT, forceKillAfterDelay: false });
    running.all.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const program = running;
    await waitFor({ what: 'npm start to print the URL', seconds: 900 }, () =>
      Promise.resolve(when(printed.includes('Ctrl-C') || program.exitCode !== null, printed.slice(-500))));
    if (program.exitCode !== null) throw new Error(`npm start ended:\n${printed.slice(-2000)}`);
    seconds = (Date.now() - started) / 1000;
  }, 1_800_000);
  afterAll(async () => {
    running?.kill('SIGKILL');
    await running;
    await down({ name: NAME, delete: true });
  }, 60_000);

  it('ends with a table of all parts, their memory and limits', () => {
    tell(`npm start: table and URL after ${seconds.toFixed(0)} s`);
    const rows = printed.split('\n').filter((line) => /^│ (operator|postgres|valkey|migrate|web|worker) /.test(line));
    expect(rows.map((row) => row.split('│')[1]?.trim())).toEqual(['operator', 'postgres', 'valkey', 'migrate', 'web', 'worker']);
    expect(rows.filter((row) => !/│ (ready|done) +│/.test(row))).toEqual([]);
    expect(rows.find((row) => row.startsWith('│ web'))).toMatch(/ \d+Mi \/ 300Mi │ +0 │/);
  });

  it('says the URL, who signs in, and the command that shows the password, but not the password', async () => {
    expect(printed).toContain(`http://localhost:${port}`);
    expect(printed).toContain('admin@example.com');
    const command = /^password:\s+(.+)$/m.exec(printed)?.[1] ?? '';
    const { stdout: password } = await execa('sh', ['-c', command]);
    expect(password.length).toBeGreaterThan(15);
    expect(printed).not.toContain(password);
  });

  it('forwards the port: the page and the health check answer', async () => {
    expect(await send({ url: `http://localhost:${port}/_health/` })).toMatchObject({ status: 200, body: 'ok' });
    expect((await send({ url: `http://localhost:${port}/api/settings/` })).status).toBe(200);
  });

  it('leaves nothing behind after Ctrl-C: no process, no cgroup, no network namespace, no interface, no data', async () => {
    const { paths } = resolveOptions({ name: NAME }, process.env);
    running?.kill('SIGINT');
    const result = await running;
    expect({ exitCode: result?.exitCode, signal: result?.signal }).toEqual({ exitCode: 0, signal: undefined });
    expect(await processesNaming(`/clusters/${NAME}/`)).toEqual([]);
    const hierarchies = await readdir('/sys/fs/cgroup');
    const groups = await Promise.all(['', ...hierarchies].map((hierarchy) => exists(`/sys/fs/cgroup/${hierarchy}/${RESOURCE}`)));
    expect(groups).not.toContain(true);
    expect(await exists(`/run/netns/${RESOURCE}`)).toBe(false);
    expect(await exists(paths.root)).toBe(false);
    expect((await readFile('/proc/self/mounts', 'utf8')).includes(paths.root)).toBe(false);
    // What was built stays: the next start is a warm one.
    expect([await exists(stateRoot(process.env)), await exists(cacheRoot(process.env))]).toEqual([true, true]);
  }, 60_000);
});

/** Command lines of this machine's processes that contain a text. */
async function processesNaming(text: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')));
  return commands.filter((command) => command.includes(text)).map((command) => command.replaceAll('\0', ' '));
}
