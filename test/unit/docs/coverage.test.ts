// What the code has, the documentation names: causes, channels, metrics, phases and commands.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { RESTORE_FAILURES } from '../../../backup/core/restore-report.js';
import { BACKUP_REASONS } from '../../../operator/api/backup-fields.js';
import { ALERT_SECRET_KEYS } from '../../../operator/api/health-fields.js';
import { HEALTH_REASONS } from '../../../operator/api/health-reasons.js';
import { MOVE_PHASES, MOVE_REASONS } from '../../../operator/api/move-fields.js';
import { RESTORE_PHASES } from '../../../operator/api/restore-fields.js';
import { PHASES } from '../../../operator/api/rotation-fields.js';
import { RUN_FAILURES } from '../../../operator/core/backup/failure-advice.js';
import { FOUND_REHEARSAL_FAILURES } from '../../../operator/core/rehearsal/rehearsal-end.js';
import { Metrics } from '../../../operator/io/metrics/metrics-registry.js';
import { gatewayAtRest } from '../gateway/control/watched-gateway.js';
import { exportedNames } from '../operator/io/metrics/metrics-series.js';

const page = (path: string) => readFileSync(path, 'utf8');
/** Names in the first cells of tables. */
const rowsOf = (path: string) => [...page(path).matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) => cell.split(', ')).map((name) => name.replaceAll('`', ''));

describe('the documentation names', () => {
  it.each(Object.values(HEALTH_REASONS))('the cause %s', (reason) => expect(rowsOf('docs/health.md')).toContain(reason));
  it.each(ALERT_SECRET_KEYS)('the key %s of the Secret of alerts', (key) => expect(rowsOf('docs/alerts.md')).toContain(key));
  it.each(PHASES)('the phase %s', (phase) => {
    expect(rowsOf('docs/rotation.md')).toContain(phase);
    expect(rowsOf('docs/runbooks/rotate.md')).toContain(phase);
  });

  it.each(Object.values(BACKUP_REASONS))('the reason %s of BackupVerified', (reason) => expect(rowsOf('docs/backups.md')).toContain(reason));
  it.each(Object.values(RUN_FAILURES))('the failure %s of a backup', (failure) => expect(rowsOf('docs/backups.md')).toContain(failure));

  it.each(RESTORE_PHASES)('the phase %s of a restore', (phase) => expect(rowsOf('docs/restore.md')).toContain(phase));
  it.each(Object.values(RESTORE_FAILURES))('the failure %s of a restore', (failure) => expect(rowsOf('docs/restore.md')).toContain(failure));

  it.each(Object.values(FOUND_REHEARSAL_FAILURES))('the failure %s of a rehearsal', (failure) => expect(rowsOf('docs/rehearse.md')).toContain(failure));
  it.each(MOVE_PHASES)('the phase %s of a move', (phase) => expect(rowsOf('docs/migrate.md')).toContain(phase));
  it.each(Object.values(MOVE_REASONS))('the reason %s of MoveHealthy', (reason) => expect(page('docs/migrate.md')).toMatch(new RegExp(`^\\| (True|False|Unknown) \\| \`${reason}\` \\|`, 'm')));

  it('every metric', async () => {
    const served = [...await exportedNames(new Metrics(() => 0)), ...await exportedNames(gatewayAtRest().metrics)];
    const names = served.filter((name) => name.startsWith('glitchkeeper_')).map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    expect(names.length).toBeGreaterThan(20);
    const undocumented = names.filter((name) => !page('docs/rotation.md').includes(name) && !rowsOf('docs/monitoring.md').includes(name.replace('glitchkeeper_', '')));
    expect(undocumented).toEqual([]);
  });

  it('every command of the CLI', () => {
    const commands = [...page('cli/program.ts').matchAll(/program\.command\('(\w+)'\)/g)].map(([, name = '']) => name);
    expect(commands.length).toBeGreaterThan(5);
    expect(commands.filter((name) => !page('README.md').includes(`npx glitchkeeper ${name}`))).toEqual([]);
  });
});
