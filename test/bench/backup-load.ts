// A backup on a cluster, of a database of 500 MB, while events come in: none may be refused for it, and none may be late.
import { setTimeout as sleep } from 'node:timers/promises';
import { DATABASE, RESOURCE } from '../../charts/part-names.js';
import { BACKUP_ANNOTATION } from '../../operator/api/object-names.js';
import { toSeconds } from '../../operator/core/timestamps.js';
import { atMost, under, type Row, type Section } from './bench-report.js';
import type { LoadResult } from './load-job.js';
import { underLoad } from './rotation-runs.js';
import type { Stage } from './stage.js';

/** Events per second. */
const RATE = 60;
/** Of the 99th percentile, milliseconds. */
const LARGEST_LAG = 10_000;
/** Of 15 kB, as `npm run bench -- backup` has them: about 480 MB. */
const ROWS = 60_000;
/** As long as the load goes on. Seconds. */
const LONGEST_BACKUP = 400;

export interface BackupUnderLoad {
  /** From the request until it was verified. */
  readonly seconds: number;
  /** Of the copy, in the store. */
  readonly bytes: number;
  readonly load: LoadResult;
}

export async function measureBackupUnderLoad(stage: Stage): Promise<Section> {
  stage.say(`backup-load: a table of ${ROWS} rows of 15 kB`);
  await fill(stage);
  stage.say(`backup-load: a backup at ${RATE} events/s`);
  const { done, load } = await underLoad(stage, RATE, () => backUp(stage));
  const found = { ...done, load };
  return { name: 'backup-load', rows: backupLoadRows(found), numbers: found, note: `at the default limits, to a volume of the host; the lag is as in ingest. The client shares the cores with the cluster.` };
}

export function backupLoadRows({ seconds, bytes, load: { sent, accepted, stored, lost, losses, lags } }: BackupUnderLoad): Row[] {
  const p99 = lags.p99 ?? Number.NaN;
  return [
    { what: `backup, ${RATE} events/s`, measured: `${seconds.toFixed(0)} s, a copy of ${Math.round(bytes / 2 ** 20)}Mi` },
    { what: 'accepted', measured: `${accepted} of ${sent}${losses === '' ? '' : ` (not accepted: ${losses})`}`, goal: { ...atMost(sent - accepted, 0), text: 'not one refused' } },
    { what: 'stored', measured: `${stored}, ${lost} lost`, goal: { ...atMost(lost, 0), text: 'all accepted' } },
    { what: 'lag, accepted to stored', measured: `p99 ${(p99 / 1_000).toFixed(1)} s`, goal: { ...under(p99, LARGEST_LAG), text: 'p99 under 10 s' } },
  ];
}

/** A table of its own beside GlitchTip's: what is dumped and restored is what counts. By the local socket, over which the image lets its superuser in. */
async function fill({ cluster, settings: { namespace } }: Stage): Promise<void> {
  const random = "(SELECT string_agg(md5(random()::text || n || part), '') FROM generate_series(1, 234) part)";
  const statement = `CREATE TABLE bench_filler AS SELECT n, ${random} || repeat('File "/code/apps/views.py", line 12, in handle ', 160) AS data FROM generate_series(1, ${ROWS}) n`;
  await cluster.kubectl(['--namespace', namespace, 'exec', 'postgres-0', '--', 'psql', '-U', DATABASE.superuser, '-d', DATABASE.name, '-v', 'ON_ERROR_STOP=1', '-c', statement, '-c', 'CHECKPOINT']);
}

/** @throws Error when it failed, or did not end in time */
async function backUp({ cluster, settings: { namespace }, status, signal }: Stage): Promise<Omit<BackupUnderLoad, 'load'>> {
  const before = (await status()).backup?.lastVerified?.copy;
  const began = Date.now();
  await cluster.kubectl(['--namespace', namespace, 'annotate', 'gt', RESOURCE, '--overwrite', `${BACKUP_ANNOTATION}=${toSeconds(new Date())}`]);
  for (;;) {
    const seconds = (Date.now() - began) / 1_000;
    const { lastVerified, lastFailure, heldBack } = (await status()).backup ?? {};
    if (lastVerified && lastVerified.copy !== before) return { seconds, bytes: lastVerified.bytes };
    if (lastFailure) throw new Error(`the backup failed: ${JSON.stringify(lastFailure)}`);
    if (seconds > LONGEST_BACKUP) throw new Error(`the backup did not end within ${LONGEST_BACKUP} s${heldBack === undefined ? '' : `: ${heldBack}`}`);
    await sleep(1_000, undefined, { signal });
  }
}
