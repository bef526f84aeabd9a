// The command line of `npm run verify`, checked before anything is sent; all problems are reported at once.
import { Command, Option } from 'commander';
import { z } from 'zod';
import { parseDsn, type Dsn, type Problem } from './dsn.js';
import type { VerifySettings } from './suite.js';

/** What the command line asks for. */
export interface VerifyOptions {
  /** Given, or made by a login (`provision`). */
  readonly target: { readonly dsn: Dsn; readonly token?: string } | { readonly provision: ProvisionRequest };
  readonly settings: VerifySettings;
  /** Numbers of the files to run ("01"); all when empty. */
  readonly only: readonly string[];
  readonly strict: boolean;
  readonly json: boolean;
}

export interface ProvisionRequest {
  readonly baseUrl: string;
  readonly email: string;
  readonly password: string;
}

export type ParsedOptions = { readonly ok: true; readonly options: VerifyOptions } | { readonly ok: false; readonly problems: Problem[] };

/** The commander program; its defaults are the load that the default limits are promised for. */
export function program(): Command {
  return new Command('verify')
    .description('Checks a GlitchTip instance with the real Sentry SDK: compatibility, real patterns, load, production.')
    .option('--dsn <dsn>', 'the DSN to send to: http(s)://KEY@HOST[:PORT]/PROJECT')
    .addOption(new Option('--token <token>', 'API token: events are read back, stored is proven').env('GLITCHTIP_TOKEN'))
    .option('--url <url>', 'instead of --dsn: log in here and make a project and a token (--email, GLITCHTIP_PASSWORD)')
    .addOption(new Option('--email <email>', 'e-mail of the login for --url and for 04.4').env('GLITCHTIP_EMAIL'))
    .option('--only <numbers>', 'run only these files, e.g. 01,04', '')
    .option('--burst <n>', '03.1: errors through the SDK', '100')
    .option('--rate <n>', '03.2: events per second', '104')
    .option('--seconds <n>', '03.2: for how many seconds', '30')
    .option('--wait <n>', 'seconds that an accepted event may take to be stored', '60')
    .option('--allow-remote-load', 'run 03 against a host that is not this machine', false)
    .option('--gateway', '01.6: the instance is behind the ingest gateway, so a transaction that does not come of streamed spans is a failure', false)
    .option('--kubeconfig <path>', 'ask this cluster for 04.2 and 04.6 (default: as kubectl, when --context or --namespace is given)')
    .option('--context <name>', 'the kubeconfig context')
    .option('--namespace <name>', 'the namespace of the stack (glitchtip)')
    .option('--strict', 'a skipped test, or one whose events were not read back, is a failure', false)
    .option('--json', 'print the report as JSON', false);
}

const amount = (max: number): z.ZodType<number> => z.coerce.number('a number').positive('a number above 0').max(max, `at most ${max}`);
const schema = z.object({
  dsn: z.string().optional(),
  token: z.string().min(1, 'a token').optional(),
  url: z.url({ protocol: /^https?$/, error: 'http(s)://HOST[:PORT]' }).optional(),
  email: z.string().includes('@', { error: 'an e-mail address' }).optional(),
  only: z.string().regex(/^$|^0[1-4](,0[1-4])*$/, 'numbers of files: 01, 02, 03, 04, separated by commas'),
  burst: amount(10_000),
  rate: amount(1000),
  seconds: amount(3600),
  wait: amount(3600),
  allowRemoteLoad: z.boolean(),
  gateway: z.boolean(),
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  namespace: z.string().optional(),
  strict: z.boolean(),
  json: z.boolean(),
});
type Flags = z.infer<typeof schema>;

/** @param password from GLITCHTIP_PASSWORD: an argument would be seen by everybody on the machine */
export function parseOptions(flags: Record<string, unknown>, password: string | undefined): ParsedOptions {
  const checked = schema.safeParse(flags);
  const bad = checked.success ? [] : checked.error.issues.map((issue) => problemOf(issue, flags));
  const target = targetOf(flags, password);
  const problems = [...bad, ...('problems' in target ? target.problems : [])];
  if (!checked.success || 'problems' in target) return { ok: false, problems };
  const { only, strict, json } = checked.data;
  const settings = settingsOf(checked.data, password);
  return { ok: true, options: { target, settings, only: only === '' ? [] : only.split(','), strict, json } };
}

function problemOf(issue: z.core.$ZodIssue, flags: Record<string, unknown>): Problem {
  const name = String(issue.path[0]);
  return { path: `--${name}`, expected: issue.message, found: String(flags[name]) };
}

function targetOf(flags: Record<string, unknown>, password: string | undefined): VerifyOptions['target'] | { problems: Problem[] } {
  const { dsn, url, email, token } = flags as Partial<Flags>;
  if (dsn !== undefined && url !== undefined) return problem('--url', 'either --dsn or --url', 'both');
  if (dsn !== undefined) {
    const parsed = parseDsn(dsn);
    return parsed.ok ? { dsn: parsed.dsn, token } : { problems: parsed.problems };
  }
  if (url === undefined) return problem('--dsn', 'a DSN (or --url with --email and GLITCHTIP_PASSWORD)', '(nothing)');
  if (email === undefined) return problem('--email', 'the e-mail to log in with at --url', '(nothing)');
  if (password === undefined) return problem('GLITCHTIP_PASSWORD', 'the password in the environment', '(nothing)');
  return { provision: { baseUrl: url.replace(/\/+$/, ''), email, password } };
}

function problem(path: string, expected: string, found: string): { problems: Problem[] } {
  return { problems: [{ path, expected, found }] };
}

function settingsOf(flags: Flags, password: string | undefined): VerifySettings {
  const { wait, burst, rate, allowRemoteLoad, gateway, kubeconfig, context, namespace, email } = flags;
  const clusterGiven = kubeconfig !== undefined || context !== undefined || namespace !== undefined;
  return {
    wait,
    burst,
    rate,
    seconds: flags.seconds,
    allowRemoteLoad,
    gateway,
    cluster: clusterGiven ? { kubeconfig, context, namespace: namespace ?? 'glitchtip' } : undefined,
    login: email !== undefined && password !== undefined ? { email, password } : undefined,
  };
}
