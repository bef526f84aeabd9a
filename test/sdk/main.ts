// `npm run verify`: runs 01 to 04 against a GlitchTip instance and ends with a table and an exit code.
import { productionVerify } from './04-production-verify.js';
import { performanceSuite } from './03-performance.js';
import { realPatterns } from './02-real-patterns.js';
import { sdkCompatibility } from './01-sdk-compatibility.js';
import type { Dsn } from './dsn.js';
import { parseDsn } from './dsn.js';
import { ApiError } from './glitchtip-session.js';
import { NoAnswer } from './http-client.js';
import { parseOptions, program, type VerifyOptions } from './verify-options.js';
import { checkReachable, openStore, UnusableTarget } from './preflight.js';
import { Progress } from './progress.js';
import { provision } from './provision.js';
import { failures, renderJson, renderTable, summaryLine, type ReportOptions, type Row } from './verify-report.js';
import { runSuites } from './runner.js';
import { startSdk } from './sdk.js';

const SUITES = [sdkCompatibility, realPatterns, performanceSuite, productionVerify];

async function main(): Promise<number> {
  const parsed = parseOptions(program().parse().opts(), process.env.GLITCHTIP_PASSWORD);
  if (!parsed.ok) {
    for (const { path, expected, found } of parsed.problems) console.error(`${path}: expected ${expected}, found ${found}`);
    return 1;
  }
  try {
    return await verify(parsed.options);
  } catch (error) {
    if (!(error instanceof UnusableTarget || error instanceof ApiError || error instanceof NoAnswer)) throw error;
    console.error(error.message);
    return 1;
  }
}

async function verify(options: VerifyOptions): Promise<number> {
  const { dsn, token } = await targetOf(options);
  await checkReachable(dsn);
  const store = token === undefined ? undefined : await openStore(dsn, token, options.settings.wait);
  const progress = new Progress(process.stderr);
  progress.line(`GlitchTip at ${dsn.baseUrl}, project ${store === undefined ? dsn.projectId : `${store.at.org}/${store.at.project}`}`);
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  const sdk = startSdk(dsn);
  const suites = SUITES.filter(({ name }) => options.only.length === 0 || options.only.includes(name.slice(0, 2)));
  const rows = await runSuites(suites, { dsn, sdk, store, settings: options.settings, signal: interrupted.signal }, progress);
  await sdk.stop();
  return report(rows, { storedChecked: store !== undefined, strict: options.strict }, options.json);
}

function report(rows: readonly Row[], options: ReportOptions, json: boolean): number {
  console.log(json ? renderJson(rows, options) : `\n${renderTable(rows, options, process.stdout.columns)}\n${summaryLine(rows, options)}`);
  return failures(rows, options.strict).length === 0 ? 0 : 1;
}

async function targetOf({ target }: VerifyOptions): Promise<{ dsn: Dsn; token?: string }> {
  if ('dsn' in target) return target;
  const made = await provision(target.provision);
  const parsed = parseDsn(made.dsn);
  if (!parsed.ok) throw new UnusableTarget(`GlitchTip made a DSN that is none: ${made.dsn}`);
  return { dsn: parsed.dsn, token: made.token };
}

process.exitCode = await main();
