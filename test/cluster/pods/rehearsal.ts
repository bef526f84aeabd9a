// Rehearsals on pods while events come in: on a dump, on a copy, of the next release, with an image that is not there, and killed in the middle.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { glitchtipImage } from '../../../charts/parts/application-container.js';
import type { RehearsalStatus } from '../../../operator/api/rehearsal-fields.js';
import { REHEARSAL_COMPONENT, RESTORE_SECRET, rehearsalTemplate } from '../../../operator/api/object-names.js';
import { recordMeasurement } from '../../support/measurements.js';
import { backup, catchRunning } from '../support/backup-runs.js';
import { cli } from '../support/cli.js';
import { printFigure } from '../support/fault-report.js';
import { killContainer } from '../support/out-of-memory.js';
import { glitchTip } from '../support/requested-rotations.js';
import type { Stack } from '../support/stack.js';
import { sql } from '../support/stored-events.js';
import { RATE, SCENE_MS, type BackupScene } from './backup-scenes.js';

/** Another name of the double of 5.2: what is tried here is the Job. */
const SIX = 'docker.io/glitchtip/glitchtip:6.2.6-test';

const statusOf = async (stack: Stack): Promise<RehearsalStatus> => (await glitchTip(stack)).rehearsal ?? {};
/** What tells whether the live database was touched. */
const liveMigrations = (stack: Stack) => sql(stack, 'SELECT count(*), max(id) FROM django_migrations');

/** Needs copies in the bucket. */
export const rehearsed: BackupScene = (scenes) => {
  it('a rehearsal without an identity runs on a fresh dump, and tells its figures', async () => {
    const { stack } = scenes;
    await scenes.applyBucket('rehearsal', { images: { rehearsal: `${SIX}-missing` } });
    expect(await backup(stack)).toMatchObject({ kind: 'verified' });
    const before = await liveMigrations(stack);
    const began = Date.now();
    const printed = await cli(stack, 'rehearse', '5.2');
    recordMeasurement({ what: `rehearsal at ${RATE} events/s, on a fresh dump`, value: Math.round((Date.now() - began) / 1_000), unit: 's' });
    for (const line of printed.split('\n')) printFigure(line);
    expect(printed).toMatch(/rehearsal +5\.2 on a fresh dump: passed/);
    expect(await statusOf(stack)).toMatchObject({ last: { version: '5.2', result: 'Passed', migrations: 0 } });
    expect(await liveMigrations(stack)).toEqual(before);
  }, SCENE_MS);

  it('with the identity it runs on the newest copy, and nothing is left of the identity', async () => {
    const { stack } = scenes;
    const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-key-'));
    await writeFile(join(folder, 'key'), `${scenes.identity}\n`, { mode: 0o600 });
    const printed = await cli(stack, 'rehearse', '5.2', '--identity-file', join(folder, 'key')).finally(() => rm(folder, { recursive: true }));
    expect(printed).toMatch(/rehearsal +5\.2 on copy \d{8}T\d{6}Z: passed/);
    expect(await stack.kubectl('get', 'secret', RESTORE_SECRET, '--ignore-not-found')).toBe('');
  }, SCENE_MS);

  it('of a release whose image cannot be had it says so, before anything is dumped', async () => {
    const { stack } = scenes;
    await expect(cli(stack, 'rehearse', '6.2')).rejects.toThrow(/CannotStart[^]*image/);
    expect((await statusOf(stack)).last).toMatchObject({ version: '6.2', result: 'Failed', step: 'begin', reason: 'CannotStart' });
  }, SCENE_MS);

  it('of the next release it runs its image; killed (kill -9) while it migrates it is told, and the next one passes', async () => {
    const { stack } = scenes;
    await stack.cluster.ctr('images', 'tag', '--force', glitchtipImage(stack.manifests.settings), SIX);
    await scenes.applyBucket('rehearsal-six', { images: { rehearsal: SIX } });
    const running = cli(stack, 'rehearse', '6.2', '--json').then(() => 'passed', (error: unknown) => String(error));
    await killContainer(stack, await catchRunning(stack, { component: REHEARSAL_COMPONENT, job: rehearsalTemplate('6.2') }, 'migrate'));
    expect(await running).toMatch(/"step":"migrate"[^]*"exitCode":137/);
    expect(await cli(stack, 'rehearse', '6.2')).toMatch(/rehearsal +6\.2 on a fresh dump: passed/);
  }, 2 * SCENE_MS);
};
