// A backup on pods as a person has it made: dumped, restored, compared, stored on a volume, and told as a table.
import { describe, expect, it } from '@jest/globals';
import { maintenanceEnd } from '../../../operator/core/backup/backup-schedule.js';
import { recordMeasurement } from '../../support/measurements.js';
import { backupJobs, backupStatus } from '../support/backup-runs.js';
import { cli } from '../support/cli.js';
import { printFigure } from '../support/fault-report.js';
import type { Stack } from '../support/stack.js';

/** Beside other suites; alone it takes half of it. Milliseconds. */
const LONGEST_MS = 90_000;

export function describeBackupNow(stack: Stack): void {
  describe('a backup', () => {
    it('is made, restored and found good while a person watches, and is in the table', async () => {
      const before = await backupJobs(stack);
      // From 04:30 to 05:30 UTC none begins: then that is what is told.
      if (maintenanceEnd(new Date()) !== undefined) {
        await expect(cli(stack, 'backup', 'now', '--timeout', '5')).rejects.toThrow('maintenance of partitions');
        return;
      }
      const started = Date.now();
      const printed = await cli(stack, 'backup', 'now');
      recordMeasurement({ what: 'backup of a small database, with its restore', value: Math.round((Date.now() - started) / 1_000), unit: 's' });
      for (const line of printed.split('\n')) printFigure(line);
      const { lastVerified, copies } = await backupStatus(stack);
      expect(lastVerified).toMatchObject({ where: 'volume', how: expect.any(String) });
      expect(copies?.map(({ name }) => name)).toContain(lastVerified?.copy);
      expect(printed).toMatch(new RegExp(`copy ${lastVerified?.copy ?? ''} was restored, and .* as dumped[^]*│ ${lastVerified?.copy ?? ''} │`));
      expect(await backupJobs(stack)).toHaveLength(before.length + 1);
    }, LONGEST_MS);
  });
}
