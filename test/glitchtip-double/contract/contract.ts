/**
 * Runs the rows of the contract against any server: `tsx contract.ts --url http://127.0.0.1:8080 [--release 6.2] [--shapes FILE]`.
 * The server needs a migrated database without any user, ENABLE_USER_REGISTRATION=False, EMAIL_URL=consolemail:// and an
 * ALLOWED_HOSTS with the URL's host only. Exit code 1 when a row does not fit.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Command, Option } from 'commander';
import { RELEASES, type Release } from '../../../operator/api/glitchtip-releases.js';
import { at, type ContractResponse, type CookieJar, send, shapeOf } from './contract-client.js';
import { type ContractRow, type ContractState, newState } from './contract-row.js';
import { contractRows } from './contract-rows.js';

export interface RowResult {
  readonly name: string;
  readonly problems: readonly string[];
  readonly status: number;
  readonly shape: string;
}

/** What is wrong with a response by its row; empty when it fits. */
export function problemsOf(row: ContractRow, response: ContractResponse): string[] {
  const status = response.status === row.status ? [] : [`status ${row.status} expected, ${response.status} found: ${response.text.replaceAll(/\s+/g, " ").slice(0, 100)}`];
  const values = Object.entries(row.values ?? {})
    .filter(([path, expected]) => !isDeepStrictEqual(at(response.json, path), expected))
    .map(([path, expected]) => `${path}: ${JSON.stringify(expected)} expected, ${JSON.stringify(at(response.json, path))} found`);
  const missing = (row.has ?? []).filter((path) => at(response.json, path) === undefined).map((path) => `${path} is missing`);
  return [...status, ...values, ...missing];
}

async function runRow(base: string, jar: CookieJar, state: ContractState, row: ContractRow): Promise<RowResult> {
  const deadline = Date.now() + (row.withinSeconds ?? 0) * 1000;
  for (;;) {
    const response = await send(base, jar, row.request(state));
    const problems = problemsOf(row, response);
    if (problems.length === 0 || Date.now() >= deadline) {
      row.keep?.(state, response);
      return { name: row.name, problems, status: response.status, shape: shapeOf(response.json) };
    }
    await sleep(500);
  }
}

/** Runs every row in order against the server at a base URL, with one browser's cookies. */
export async function runContract(base: string, release: Release): Promise<RowResult[]> {
  const jar: CookieJar = new Map();
  const state = newState();
  const results: RowResult[] = [];
  for (const row of contractRows(release)) {
    results.push(await runRow(base, jar, state, row));
  }
  return results;
}

export function lineOf({ name, problems }: Pick<RowResult, 'name' | 'problems'>): string {
  return `${problems.length === 0 ? 'ok  ' : 'FAIL'} ${name}${problems.map((problem) => `\n       ${problem}`).join('')}`;
}

async function main(): Promise<void> {
  const options = new Command()
    .requiredOption('--url <url>', 'the base URL of the server')
    .addOption(new Option('--release <release>', 'of GlitchTip').choices(RELEASES).default('5.2'))
    .option('--shapes <file>', 'write status and shape of every answer there, to compare two servers')
    .parse()
    .opts<{ url: string; release: Release; shapes?: string }>();
  const results = await runContract(options.url, options.release);
  for (const result of results) console.log(lineOf(result));
  const failed = results.filter(({ problems }) => problems.length > 0).length;
  console.log(`${results.length - failed} of ${results.length} fit`);
  if (options.shapes !== undefined) {
    writeFileSync(options.shapes, results.map(({ name, status, shape }) => `${name}\t${status}\t${shape}\n`).join(''));
  }
  process.exitCode = failed === 0 ? 0 : 1;
}

if (process.argv[1]?.endsWith('contract.ts') === true) {
  await main();
}
