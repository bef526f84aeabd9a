// The commands and options of `glitchkeeper migrate`; what they do is in commands/migrate.ts.
import type { Command } from 'commander';
import type { Context, ExitCode } from '../commands/command-context.js';
import { migrateCompare, migrateExport, migratePlan, migrateStart, migrateStatus, migrateTurn, type CompareOptions, type StartOptions } from '../commands/migrate.js';
import { wholeNumber } from '../number-arguments.js';

/** An import of hundreds of projects takes minutes, and it waits for its turn. Seconds. */
const IMPORT_TIMEOUT = '7200';
/** The gateway confirms within seconds, also after a start. Seconds. */
const TURN_TIMEOUT = '300';
const TURNS = [
  ['cutover', 'GlitchTip leads; the old one goes on getting a copy'],
  ['rollback', 'the old one leads again, within seconds; it asks nothing'],
  ['finish', 'the old one is let go; its DSNs are kept'],
] as const;

const seconds = (text: string): number => wholeNumber('--timeout', text, 86_400);

export function addMigrate(program: Command, context: () => Context, done: (code: ExitCode) => void): void {
  const migrate = program.command('migrate').description('the move from an old Sentry, or from another GlitchTip, in phases with a way back (docs/runbooks/migrate-from-sentry.md)');
  migrate.command('plan')
    .description('what is on the old server, what of it will work, what will not, and what it needs; exits with 0 when the move can begin, 1 when not, 2 when unknown')
    .requiredOption('--token-file <file>', 'a user auth token of the old server; - reads standard input')
    .action(async (options: { tokenFile: string }) => done(await migratePlan(context(), options)));
  migrate.command('start')
    .description('saves the old DSNs, imports projects and keys, and gives every event to both; the old one leads; exits with 0 when it is so, 1 when it came to nothing, 2 when unknown')
    .option('--token-file <file>', 'a user auth token of the old server; - reads standard input; left out, Secret glitchtip-move has it')
    .option('--no-import', 'projects and keys are here already')
    .option('--timeout <seconds>', 'how long to wait; the move goes on without this program', IMPORT_TIMEOUT)
    .option('--yes', 'do not ask', false)
    .action(async (options: Omit<StartOptions, 'timeout'> & { readonly timeout: string }) => done(await migrateStart(context(), { ...options, timeout: seconds(options.timeout) })));
  migrate.command('status')
    .description('which of the two leads, and how far the old one has kept up; exits with 0 when well, or there is no move, 1 when not, 2 when unknown')
    .action(async () => done(await migrateStatus(context())));
  migrate.command('compare')
    .description('what each of the two has, by project and hour, and which events one of them lacks; exits with 0 when both have everything, 1 when not, 2 while some are on their way')
    .option('--from <time>', 'from then on, such as 2026-11-29T02:30:00Z')
    .option('--to <time>', 'until then')
    .action(async (options: CompareOptions) => done(await migrateCompare(context(), options)));
  migrate.command('export')
    .description('prints the old DSNs, and the projects and keys that they mean here; exits with 0 when there are any, 2 when not')
    .action(async () => done(await migrateExport(context())));
  addTurns(migrate, context, done);
}

function addTurns(migrate: Command, context: () => Context, done: (code: ExitCode) => void): void {
  for (const [turn, description] of TURNS) {
    migrate.command(turn)
      .description(`${description}; exits with 0 when it is so, 1 when it was refused, 2 when unknown`)
      .option('--timeout <seconds>', 'how long to wait; it goes on without this program', TURN_TIMEOUT)
      .option('--yes', 'do not ask', false)
      .action(async ({ timeout, yes }: { timeout: string; yes: boolean }) => done(await migrateTurn(context(), turn, { timeout: seconds(timeout), yes })));
  }
}
