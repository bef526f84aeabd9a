// The CLI's commands and options; what they do is in commands/.
import { Command, CommanderError, Option } from 'commander';
import { RECORD_STATES } from '../gateway/control/control-answers.js';
import { CREDENTIALS } from '../operator/api/rotation-fields.js';
import { backupNow } from './commands/backup-now.js';
import { backups } from './commands/backups.js';
import { bundle } from './commands/bundle.js';
import { testAlerts } from './commands/alert.js';
import type { Context, ExitCode } from './commands/command-context.js';
import { doctor } from './commands/doctor.js';
import { history } from './commands/history.js';
import { testMail } from './commands/mail.js';
import { open } from './commands/open.js';
import { rehearse } from './commands/rehearse.js';
import { restore, type RestoreOptions } from './commands/restore.js';
import { rotate } from './commands/rotate.js';
import { spoolDrop, spoolList, spoolResend, spoolShow, spoolStatus } from './commands/spool.js';
import { status } from './commands/status.js';
import { upgrade, type UpgradeOptions } from './commands/upgrade.js';
import { watchStatus } from './commands/watch-status.js';
import { Failure } from './failure.js';
import { interrupted } from './interruption.js';
import { addMigrate } from './migrate/migrate-program.js';
import { wholeNumber } from './number-arguments.js';
import { openOutput, printFailure, type Output } from './output.js';
import { MANIFESTS } from './upgrade/manifests.js';

/** Longer than every deadline of a rotation together (operator/core/rotation/protocol.ts), and time to wait for its turn. Seconds. */
const ROTATION_TIMEOUT = '1800';
/** Longer than two checks of the operator's at the default settings, and a slow channel. Seconds. */
const ALERT_TIMEOUT = '120';
/** The deadline of its Job (operator/core/backup/backup-job.ts), and time to wait for its turn. Seconds. */
const BACKUP_TIMEOUT = '10800';
/** As a backup's. Seconds. */
const REHEARSAL_TIMEOUT = BACKUP_TIMEOUT;
/** A database of gigabytes on a small host takes hours (operator/core/restore/), and it waits for its turn. Seconds. */
const RESTORE_TIMEOUT = '21600';
/** A backup, the migrations of gigabytes on a small host, and a person who applies. Seconds. */
const UPGRADE_TIMEOUT = RESTORE_TIMEOUT;
const PORT = '9090';
/** A poll costs four calls of kubectl, about half a second of one core. Seconds. */
const WATCH_EVERY = '5';
/** Lines of a table that are read and not scrolled. */
const RECORDS_SHOWN = '50';

interface GlobalOptions {
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly namespace: string;
  readonly name: string;
  readonly json: boolean;
}

/** What surrounds the program, for tests to replace. */
export interface Surroundings {
  readonly openOutput: (json: boolean) => Output;
  /** When `open` and `status --watch` end. */
  readonly until: () => Promise<void>;
}

/** @param program the words that started it, such as "kubectl glitchtip" */
export async function run(program: string, args: readonly string[], surroundings: Surroundings = { openOutput, until: interrupted }): Promise<ExitCode> {
  let code: ExitCode = 0;
  // What was not understood may be an option, so that it cannot be asked for this one.
  const json = args.includes('--json');
  const command = buildProgram(program, { ...surroundings, json }, (result) => { code = result; });
  try {
    await command.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const failure = error instanceof CommanderError ? misunderstood(error) : error;
    if (!(failure instanceof Failure)) throw error;
    // Commander has printed the text for a person already.
    if (json || failure === error) printFailure(surroundings.openOutput(json), failure);
    return exitCodeOf(failure);
  }
}

function exitCodeOf({ kind }: Failure): ExitCode {
  return kind === 'refused' || kind === 'conflict' ? 1 : 2;
}

function misunderstood({ code, message }: CommanderError): Failure {
  return new Failure('usage', code === 'commander.help' ? 'expected a command' : message.replace(/^error: /, ''));
}

function buildProgram(name: string, { openOutput: output, until, json }: Surroundings & { readonly json: boolean }, done: (code: ExitCode) => void): Command {
  const program = new Command(name)
    .description('Shows and manages a GlitchTip that glitchkeeper runs. Everything goes through kubectl, and no credential is ever printed.')
    .option('--context <name>', 'kube context (default: the current one)')
    .option('--kubeconfig <file>', 'kubeconfig file (default: as kubectl chooses)')
    .option('-n, --namespace <name>', 'namespace of the GlitchTip resource', 'glitchtip')
    .option('--name <name>', 'name of the GlitchTip resource', 'glitchtip')
    .option('--json', 'JSON instead of text', false)
    .configureHelp({ showGlobalOptions: true })
    // A program gets the error once, as JSON.
    .configureOutput(json ? { writeErr: () => undefined } : {})
    .exitOverride();
  const context = (): Context => contextOf(program.opts(), output);

  program.command('status')
    .description('is it well, and what is wrong: incidents, parts, figures, credentials, the rotation under way; exits with 0 when well, 1 when not, 2 when unknown')
    .option('--watch', 'a live screen until Ctrl-C; a line a change where there is no terminal', false)
    .option('--every <seconds>', 'how often --watch polls', WATCH_EVERY)
    .action(async ({ watch, every }: { watch: boolean; every: string }) => {
      const seconds = wholeNumber('--every', every, 3_600);
      done(await (watch ? watchStatus(context(), { every: seconds, until }) : status(context())));
    });

  program.command('doctor')
    .description('checks a cluster from the outside in; of each finding what is wrong and what helps; exits with 0 when nothing is, 1 when something is, 2 when the cluster does not answer')
    .option('--outside', 'looks at the public name, too, from where this runs: DNS, ports 80 and 443, redirect, certificate', false)
    .action(async ({ outside }: { outside: boolean }) => done(await doctor(context(), outside)));

  program.command('bundle')
    .description('a support archive: objects, events, logs and findings, with every secret value removed')
    .option('--output <file>', 'where to write it (default: glitchkeeper-NAMESPACE-TIME.tar.gz)')
    .action(async (options: { output?: string }) => done(await bundle(context(), options)));

  program.command('rotate')
    .description('asks the operator to replace credentials: all of them, without refusing an event')
    .addOption(new Option('--compromised', 'a secret leaked: everything, at once; ends every session').default(false).conflicts('only'))
    .option('--only <names>', `some of ${CREDENTIALS.join(',')}`)
    .option('--wait', 'wait for the end and show each phase; exits with 0 when completed, 1 when undone or not in time', false)
    .option('--timeout <seconds>', 'how long to wait', ROTATION_TIMEOUT)
    .option('--yes', 'do not ask before --compromised', false)
    .action(async (options: { compromised: boolean; only?: string; wait: boolean; timeout: string; yes: boolean }) =>
      done(await rotate(context(), { ...options, timeout: wholeNumber('--timeout', options.timeout, 86_400) })));

  program.command('open')
    .description('GlitchTip on http://localhost:PORT until Ctrl-C; connects again by itself')
    .option('--port <number>', 'port on this machine', PORT)
    .action(async ({ port }: { port: string }) => done(await open(context(), { port: wholeNumber('--port', port, 65_535), until })));

  program.command('alert')
    .description('alerts by Telegram, webhook and heartbeat')
    .command('test')
    .description('has the operator send a test message to every channel; exits with 0 when each took it, 1 when one did not, 2 when unknown or none is set up')
    .option('--timeout <seconds>', 'how long to wait for the operator', ALERT_TIMEOUT)
    .action(async ({ timeout }: { timeout: string }) => done(await testAlerts(context(), { timeout: wholeNumber('--timeout', timeout, 86_400) })));

  program.command('mail')
    .description('mails that GlitchTip sends')
    .command('test <address>')
    .description('has web and worker send one each, as they would: by the server of the settings, with its login; exits with 0 when it took them, 1 when not, 2 when none is set or it could not be tried')
    .action(async (address: string) => done(await testMail(context(), address)));

  addBackups(program, context, done);
  addRestore(program, context, { done, until });
  addRehearsal(program, context, done);
  addUpgrade(program, context, { done, until });
  addMigrate(program, context, done);
  addSpool(program, context, done);

  program.command('history')
    .description('the rotations that have ended')
    .action(async () => done(await history(context())));
  return program;
}

function addBackups(program: Command, context: () => Context, done: (code: ExitCode) => void): void {
  program.command('backup')
    .description('a copy of the database, restored before it counts as one')
    .command('now')
    .description('has the operator make one, or follows the one that is under way, and shows each step; exits with 0 when it was restored and found good, 1 when it failed or was refused, 2 when unknown')
    .option('--timeout <seconds>', 'how long to wait; the backup goes on without this program', BACKUP_TIMEOUT)
    .action(async ({ timeout }: { timeout: string }) => done(await backupNow(context(), { timeout: wholeNumber('--timeout', timeout, 86_400) })));
  program.command('backups')
    .description('the copies: when, how large, how verified, where; exits with 0 when the newest is known to restore and young enough, 1 when not, 2 when unknown')
    .action(async () => done(await backups(context())));
}

function addRestore(program: Command, context: () => Context, { done, until }: { readonly done: (code: ExitCode) => void; readonly until: Surroundings['until'] }): void {
  program.command('restore [copy]')
    .description('brings back a copy by its name, or the latest, beside what is there, and says first what that means; without one, how the last went; exits with 0 when done, 1 when it failed or was refused, 2 when unknown or still under way')
    .option('--at <time>', 'the newest copy that is not after it, such as 2026-11-29T02:30:00Z')
    .option('--reason <text>', 'for whoever reads of it later')
    .option('--identity-file <file>', 'identity of age that opens the copy, as age-keygen writes it; - reads standard input')
    .option('--into-new-database', 'beside the live one, to look at: nothing is stopped or replaced, and --undo drops it')
    .option('--no-save', 'make no copy of what is live before it is replaced')
    .option('--confirm', 'keep what was restored: the database of before is dropped', false)
    .option('--undo', 'back to the database of before, or not on with a restore that has changed nothing yet', false)
    .option('--follow', 'show the one that is under way', false)
    .option('--timeout <seconds>', 'how long to wait; the restore goes on without this program', RESTORE_TIMEOUT)
    .option('--yes', 'do not ask', false)
    .action(async (copy: string | undefined, options: Omit<RestoreOptions, 'copy' | 'timeout' | 'until'> & { readonly timeout: string }) =>
      done(await restore(context(), { ...options, ...(copy === undefined ? {} : { copy }), timeout: wholeNumber('--timeout', options.timeout, 86_400), until })));
}

function addRehearsal(program: Command, context: () => Context, done: (code: ExitCode) => void): void {
  program.command('rehearse [version]')
    .description("tries the migrations of a release on a copy, in a server of their own: time, memory, size and locks, before anybody touches the live database; without one, how the last went; exits with 0 when they ran, 1 when not or refused, 2 when unknown or still under way")
    .option('--identity-file <file>', 'identity of age that opens the newest copy; - reads standard input. Without it what is encrypted is left, and the database is dumped')
    .option('--timeout <seconds>', 'how long to wait; the rehearsal goes on without this program', REHEARSAL_TIMEOUT)
    .action(async (version: string | undefined, { timeout, ...options }: { readonly identityFile?: string; readonly timeout: string }) =>
      done(await rehearse(context(), { ...options, ...(version === undefined ? {} : { version }), timeout: wholeNumber('--timeout', timeout, 86_400) })));
}

function addUpgrade(program: Command, context: () => Context, { done, until }: { readonly done: (code: ExitCode) => void; readonly until: Surroundings['until'] }): void {
  program.command('upgrade [version]')
    .description('leads to the next release of GlitchTip: says first what that means, empties the queue, makes a backup, applies the manifests, migrates, proves; without one, how the last went; exits with 0 when done, 1 when it failed or was refused, 2 when unknown or still under way')
    .option('--manifests <folder>', 'where npm run synth wrote those that are to be applied', MANIFESTS)
    .option('--no-apply', 'apply none: say when it is time, and wait')
    .option('--confirm', 'keep the next release: the gateway lets go of what it kept for the way back', false)
    .option('--undo', 'back: before the migration everything is started as it was, after it the backup is restored with the manifests of the release before', false)
    .option('--identity-file <file>', 'with --undo: identity of age that opens the backup; - reads standard input')
    .option('--stay', 'end a way back that has restored nothing yet', false)
    .option('--import-legacy', 'bring events of the release before from the archive to where this one looks for them', false)
    .option('--follow', 'show the one that is under way', false)
    .option('--timeout <seconds>', 'how long to wait; the upgrade goes on without this program', UPGRADE_TIMEOUT)
    .option('--yes', 'do not ask', false)
    .action(async (version: string | undefined, options: Omit<UpgradeOptions, 'version' | 'timeout' | 'until'> & { readonly timeout: string }) =>
      done(await upgrade(context(), { ...options, ...(version === undefined ? {} : { version }), timeout: wholeNumber('--timeout', options.timeout, 86_400), until })));
}

function addSpool(program: Command, context: () => Context, done: (code: ExitCode) => void): void {
  const spool = program.command('spool')
    .description('what the gateway holds of events that GlitchTip has not stored; exits with 0 when done, 1 when something was not, 2 when the gateway does not answer')
    .action(async () => done(await spoolStatus(context())));
  spool.command('list')
    .description('its records, the oldest so many, the newest last')
    .addOption(new Option('--state <state>', 'only those').choices(RECORD_STATES))
    .option('--project <number>', 'only those of one project')
    .option('--limit <number>', 'how many at most', RECORDS_SHOWN)
    .action(async ({ state, project, limit }: { state?: string; project?: string; limit: string }) =>
      done(await spoolList(context(), { state, project: project === undefined ? undefined : wholeNumber('--project', project, Number.MAX_SAFE_INTEGER), limit: wholeNumber('--limit', limit, 999) })));
  spool.command('show <id>')
    .description('one record: where it came from, and what its events say; all of it with --json')
    .action(async (id: string) => done(await spoolShow(context(), id)));
  spool.command('resend [id]')
    .description('gives to GlitchTip once more what was set aside')
    .option('--all', 'all of it', false)
    .action(async (id: string | undefined, { all }: { all: boolean }) => done(await spoolResend(context(), { id, all })));
  spool.command('drop [id]')
    .description('drops what was set aside, for good')
    .option('--all', 'all of it', false)
    .option('--yes', 'do not ask', false)
    .action(async (id: string | undefined, { all, yes }: { all: boolean; yes: boolean }) => done(await spoolDrop(context(), { id, all, yes })));
}

function contextOf({ context, kubeconfig, namespace, name, json }: GlobalOptions, output: Surroundings['openOutput']): Context {
  const cluster = [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : ['--context', context]),
  ];
  const target = { kubectl: 'kubectl', cluster, description: context === undefined ? 'the current context' : `context ${context}` };
  return { place: { target, namespace, name }, output: output(json) };
}
