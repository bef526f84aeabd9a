// Rehearsals on pods while events come in: the check of each month, on a dump, on a copy, of the next release, with an image that is not there, and killed in the middle.
import { expect, it } from '@jest/globals';
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
import { waitFor } from '../support/wait.js';
import { RATE, SCENE_MS, type BackupScene } from './backup-scenes.js';

/** Neither here nor in any registry. */
const MISSING = 'docker.io/glitchtip/glitchtip:6.2.6-missing';
/** A check waits for rollouts, and looks again each minute; then it takes half a minute. Seconds. */
const CHECKED_WITHIN = 400;

const statusOf = async (stack: Stack): Promise<RehearsalStatus> => (await glitchTip(stack)).rehearsal ?? {};
/** What tells whether the live database was touched. */
const liveMigrations = (stack: Stack) => sql(stack, 'SELECT count(*), max(id) FROM django_migrations');

/** On the volume: an encrypted copy cannot be read without its identity, and a dump would be checked in its place. */
export const checkedMonthly: BackupScene = (scenes) => {
  it("the month's check finds nothing to migrate in the newest copy, by itself", async () => {
    const { stack } = scenes;
    await scenes.apply('rehearsal-copy', { store: 'volume' });
    const { kind, run } = await backup(stack);
    expect(kind).toBe('verified');
    // Not of this hour: no backup of the schedule comes between.
    const at = new Date(Date.now() + 12 * 3_600_000).toISOString().slice(11, 16);
    await scenes.apply('rehearsal-check', { store: 'volume', enabled: true, at });
    const check = await waitFor<NonNullable<RehearsalStatus['check']>>({ what: "the month's check", seconds: CHECKED_WITHIN, every: 2 }, async () => {
      const status = await statusOf(stack);
      return status.check === undefined ? { seen: JSON.stringify(status) } : { found: status.check };
    });
    expect(check).toMatchObject({ version: '5.2', result: 'Passed', copy: run.copy, migrations: 0 });
  }, 2 * SCENE_MS);
};

/** Makes copies in the bucket. */
export const rehearsed: BackupScene = (scenes) => {
  it('a rehearsal without an identity runs on a fresh dump, and tells its figures', async () => {
    const { stack } = scenes;
    await scenes.applyBucket('rehearsal', { images: { rehearsal: MISSING } });
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
    const printed = await cli(stack, 'rehearse', '5.2', '--identity-file', scenes.key());
    expect(printed).toMatch(/rehearsal +5\.2 on copy \d{8}T\d{6}Z: passed/);
    expect(await stack.kubectl('get', 'secret', RESTORE_SECRET, '--ignore-not-found')).toBe('');
  }, SCENE_MS);

  it('of a release whose image cannot be had it says so, before anything is dumped', async () => {
    const { stack } = scenes;
    await expect(cli(stack, 'rehearse', '6.2')).rejects.toThrow(/CannotStart[^]*image/);
    expect((await statusOf(stack)).last).toMatchObject({ version: '6.2', result: 'Failed', step: 'begin', reason: 'CannotStart' });
  }, SCENE_MS);

  it('of the next release it runs its migrations; killed (kill -9) while it migrates it is told, and the next one passes, with their time and locks', async () => {
    const { stack } = scenes;
    await scenes.applyBucket('rehearsal-six');
    const before = await liveMigrations(stack);
    const running = cli(stack, 'rehearse', '6.2', '--json').then(() => 'passed', (error: unknown) => String(error));
    await killContainer(stack, await catchRunning(stack, { component: REHEARSAL_COMPONENT, job: rehearsalTemplate('6.2') }, 'migrate'));
    expect(await running).toMatch(/"step":"migrate"[^]*"exitCode":137/);
    const printed = await cli(stack, 'rehearse', '6.2');
    for (const line of printed.split('\n')) printFigure(line);
    expect(printed).toMatch(/rehearsal +6\.2 on a fresh dump: passed/);
    const { last } = await statusOf(stack);
    expect(last).toMatchObject({ version: '6.2', result: 'Passed', slowest: { migration: expect.stringMatching(/^\w+\.\d{4}_/) } });
    expect(last?.migrations).toBeGreaterThan(0);
    // Its rows are moved while nobody else may read it.
    expect(last?.locks).toEqual(expect.arrayContaining([expect.objectContaining({ table: 'issue_events_issueevent', mode: 'ACCESS EXCLUSIVE' })]));
    expect(await liveMigrations(stack)).toEqual(before);
  }, 2 * SCENE_MS);
};
