// The command line of `npm run bench`.
import { Argument, Command, InvalidArgumentError } from 'commander';

/** What is measured when nothing is named. */
export const DEFAULT_MEASUREMENTS = ['synth', 'start', 'memory', 'ingest', 'operator', 'rotation'] as const;
export const MEASUREMENTS = [...DEFAULT_MEASUREMENTS, 'watching', 'quiet', 'resources', 'spool', 'gateway', 'https', 'backup', 'backup-load', 'client', 'move', 'releases'] as const;
export type Measurement = (typeof MEASUREMENTS)[number];

export interface BenchOptions {
  /** What to measure. */
  readonly measurements: readonly Measurement[];
  /** Name of the embedded cluster instance; what it held before is deleted. */
  readonly name: string;
  /** OCI archive that holds GlitchTip's image under its official name, instead of the double. */
  readonly imageArchive?: string;
  /** Settings file of the stack; without it, the defaults. */
  readonly settings?: string;
  /** Events per second. */
  readonly rate: number;
  /** Seconds of load. */
  readonly seconds: number;
  /** Folder of another build, whose operator is compared with this one's; without it, with a bare Node. */
  readonly against?: string;
  /** Runs of each program in synth, client and operator --against. */
  readonly runs: number;
  /** File for the results as JSON. */
  readonly json?: string;
  /** Exit with 1 when a goal is not met. */
  readonly check: boolean;
  /** Leave the cluster running. */
  readonly keep: boolean;
}

/** Parses the arguments after the program's name; commander prints help and errors, and ends the process. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const program = new Command('bench')
    .description('Measures what the project promises, on a fresh embedded cluster, and prints one table.')
    .addArgument(new Argument('[measurements...]', 'what to measure (default: all but watching, quiet, resources, spool, gateway, https, backup, backup-load, client, move and releases)').choices(MEASUREMENTS))
    .option('--name <name>', 'instance of the embedded cluster; what it held is deleted', 'bench')
    .option('--image-archive <oci.tar>', "GlitchTip's image under its official name, instead of the double")
    .option('--settings <file>', "settings of the stack (default: the product's own)")
    .option('--rate <n>', 'events per second', positive, 104)
    .option('--seconds <n>', 'seconds of load', positive, 60)
    .option('--against <build>', "operator: compare with another build's, such as ../before/build, on an API server without nodes")
    .option('--runs <n>', 'runs of each program in synth, client and operator --against', positive, 10)
    .option('--json <file>', 'write the results to this file too')
    .option('--check', 'exit with 1 when a goal is not met', false)
    .option('--keep', 'leave the cluster running', false)
    .parse(args, { from: 'user' });
  const named = program.processedArgs[0] as readonly Measurement[];
  return { ...program.opts<Omit<BenchOptions, 'measurements'>>(), measurements: named.length === 0 ? DEFAULT_MEASUREMENTS : named };
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10_000) throw new InvalidArgumentError('expected a whole number from 1 to 10000');
  return value;
}
