// A backup with its restore, within the limits of the small host, beside a plain pg_dump to a file; then the copy brought back into the server.
import { chown, copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { parseReport } from '../../backup/core/report.js';
import { parseRestoreReport } from '../../backup/core/restore-report.js';
import { PROGRAMS, PROGRAM_PATH, commandOf } from '../../charts/programs.js';
import { BackupStage, PLAIN_DUMP, type ScriptEnd } from '../api/backup-run.js';
import { prepareProcess, unpackImage } from '../api/image-process.js';
import { S3_KEY, startS3, type S3Server } from '../api/s3-server.js';
import { backupRows, type BackupCost } from './backup-rows.js';
import { mebibytes, type Section } from './bench-report.js';
import { LimitedGroup } from './limited-group.js';

const MEBIBYTE = 2 ** 20;
/** Requirements row 6. */
const SERVER = { memory: 150 * MEBIBYTE, cores: 0.25 };
const JOB = { memory: 96 * MEBIBYTE, cores: 0.5 };
/** Of 15 kB each: about 480 MB of database. */
const EVENTS = 60_000;
const COPY = '20261129T023000Z';

export async function measureBackup(say: (line: string) => void): Promise<Section> {
  const [stage, s3] = [await BackupStage.open(), await startS3()];
  const server = await LimitedGroup.open('glitchkeeper-bench-postgres', SERVER.memory, SERVER.cores);
  try {
    say(`backup: ${EVENTS} events of 15 kB`);
    await stage.makeDatabase('gt');
    await fill(stage);
    for (const pid of await stage.processes()) await server.add(pid);
    const cost = await measure({ stage, s3, say });
    return { name: 'backup', rows: backupRows(cost, JOB.memory), numbers: cost, note: 'without a cluster: Postgres and each container of the Job in a cgroup with its limits, no load beside them. Memory is anonymous and shared.' };
  } finally {
    await stage.close();
    await server.close();
    await s3.stop();
  }
}

interface Bench {
  readonly stage: BackupStage;
  readonly s3: S3Server;
  readonly say: (line: string) => void;
}

/** Half of each event is letters that zstd makes small, half is not. */
async function fill(stage: BackupStage): Promise<void> {
  const random = "(SELECT string_agg(md5(random()::text || n || part), '') FROM generate_series(1, 234) part)";
  await stage.sql(
    `INSERT INTO issue_events_issueevent SELECT gen_random_uuid(), '2026-11-28Z'::timestamptz + n * interval '2 seconds', 'error',
       jsonb_build_object('stack', ${random}, 'message', repeat('File "/code/apps/views.py", line 12, in handle ', 160)) FROM generate_series(1, ${EVENTS}) n`,
    'gt',
  );
  await stage.sql('CHECKPOINT', 'gt');
}

async function measure({ stage, s3, say }: Bench): Promise<BackupCost> {
  const work = await stage.newWork();
  const timed = async (name: string, run: (group: LimitedGroup) => Promise<ScriptEnd>) => {
    const group = await LimitedGroup.open('glitchkeeper-bench-job', JOB.memory, JOB.cores);
    try {
      const began = Date.now();
      const { report, output } = await run(group);
      const [seconds, use] = [(Date.now() - began) / 1_000, await group.use()];
      if (report?.result === 'failed') throw new Error(`${name}: ${JSON.stringify(report)}: ${output.slice(-500)}`);
      say(`backup: ${name}: ${seconds.toFixed(0)} s, ${mebibytes(use.own)}`);
      return { seconds, use };
    } finally {
      await group.close();
    }
  };
  const [database] = await stage.sql<{ bytes: string }>("SELECT pg_database_size('gt')::text AS bytes");
  const identity = await generateX25519Identity();
  const program = (task: 'store' | 'fetch') => (group: LimitedGroup) => runProgram({ stage, s3, work, group, task, identity });
  await stage.makeEmptyDatabase('restored');
  const steps = {
    'plain pg_dump': { ...(await timed('plain pg_dump', (group) => stage.dump(work, 'gt', { group, programs: PLAIN_DUMP }))), seconds: await dumpSeconds(work) },
    'dump and count': await timed('dump and count', (group) => stage.dump(work, 'gt', { group })),
    'restore and count': await timed('restore and count', (group) => stage.restore(work, { group })),
    'encrypt and store': await timed('encrypt and store', program('store')),
    'fetch and decrypt': await timed('fetch and decrypt', program('fetch')),
    'load and count': await timed('load and count', (group) => stage.load(work, 'restored', { group })),
  };
  return { database: Number(database?.bytes), copy: (await stat(join(s3.folder, 'host-a/copies', COPY, 'database.dump.age'))).size, steps };
}

/** Of pg_dump alone, without what dump.sh does besides. */
async function dumpSeconds(work: string): Promise<number> {
  const steps = (await readFile(join(work, 'seconds'), 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as { step: string; seconds: number });
  return steps.find(({ step }) => step === 'dump')?.seconds ?? Number.NaN;
}

interface ProgramRun {
  readonly stage: BackupStage;
  readonly s3: S3Server;
  readonly work: string;
  readonly group: LimitedGroup;
  readonly task: 'store' | 'fetch';
  readonly identity: string;
}

/** A container of ours, from its compressed bundle by its loader, on Node 24. */
async function runProgram({ stage, s3, work, group, task, identity }: ProgramRun): Promise<ScriptEnd> {
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-bench-backup-'));
  try {
    await furnish(folder, identity);
    const image = await unpackImage('docker.io/library/node:24-alpine');
    const env = {
      ...image.env, PATH: `${image.env['PATH'] ?? ''}:/usr/sbin`, COPY, RELEASE: '5.2', REPORT: '/report/message', TASK: task, RECIPIENTS: await identityToRecipient(identity), IDENTITY: '/keys/identity',
      EXPECTED: JSON.stringify({ systemIdentifier: await stage.systemIdentifier(), database: 'gt', migration: 'users.0042_last' }),
      S3_ENDPOINT: s3.place.endpoint.href, S3_BUCKET: 'copies', S3_PREFIX: 'host-a/', S3_CREDENTIALS_DIR: '/keys',
    };
    const program = prepareProcess({ image: { ...image, env }, user: { uid: 70, gid: 70 }, command: commandOf(PROGRAMS.backup) }, { [PROGRAM_PATH]: join(folder, 'program'), '/keys': join(folder, 'keys'), '/report': join(folder, 'report'), '/work': work });
    program.start();
    await group.add(program.pid);
    while (!program.ended) await sleep(50);
    await program.kill();
    const message = await readFile(join(folder, 'report', 'message'), 'utf8').catch(() => '');
    if (parseReport(message)?.result === 'verified') return { report: undefined, message, output: program.fullOutput };
    return { report: parseRestoreReport(message), message, output: program.fullOutput };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the pod's volumes would hold. */
async function furnish(folder: string, identity: string): Promise<void> {
  await mkdir(join(folder, 'program'));
  await mkdir(join(folder, 'keys'));
  await mkdir(join(folder, 'report'));
  await chown(join(folder, 'report'), 70, 70);
  for (const [from, to] of [['runtime/run.mjs', 'run.mjs'], [PROGRAMS.backup.bundle, PROGRAMS.backup.bundle]] as const) await copyFile(resolve('build/assets', from), join(folder, 'program', to));
  await writeFile(join(folder, 'keys', 'access-key-id'), S3_KEY.accessKeyId);
  await writeFile(join(folder, 'keys', 'secret-access-key'), S3_KEY.secretAccessKey);
  await writeFile(join(folder, 'keys', 'identity'), identity);
}
