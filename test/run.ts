// `npm test`: every suite, side by side as far as that disturbs no measurement; the first failure ends the run. Under CI=true the checks of the source, too.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readImageMode } from '../embedded/images/registry.js';
import { decideRetry, passedAlone, patternOf, type KnownFlake } from './runner/retry.js';
import { Run } from './runner/run.js';
import { brokenBy } from './runner/broken-run.js';
import { evidenceOf, runAlone, runStage, type StageResult } from './runner/run-stage.js';
import { saveStages } from './runner/saved-stages.js';
import { runStages } from './runner/schedule.js';
import { renderStages } from './runner/stage-table.js';
import { STAGES, chooseStages, yieldsToClusters, type Stage } from './runner/stages.js';
import { conclude, type Verdict } from './runner/verdict.js';

const CI = process.env['CI'] === 'true';
const KNOWN_FLAKES = 'test/known-flakes.json';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { 'no-bail': { type: 'boolean', default: false } }, allowPositionals: true });
  const chosen = chooseStages(positionals, { checks: CI, pulls: readImageMode(process.env) !== 'local' });
  // .ci/run began before: with `npm ci`, which is the first stage then.
  const since = Number(process.env['GLITCHKEEPER_CI_SINCE'] ?? Number.NaN) * 1000;
  const run = await Run.begin(Number.isNaN(since) ? Date.now() : since);
  process.on('uncaughtException', brokenBy(() => run.close()));
  const installed: StageResult[] = Number.isNaN(since) ? [] : [{ stage: 'install', began: 0, seconds: run.elapsed, passed: 1, failed: 0, failedTests: [], skipped: [] }];
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void run.stop());
  const results = [...installed];
  try {
    const { cannot, able } = await sortOut(chosen);
    const known = readKnownFlakes();
    const ended = await runStages(able, {
      run: (stage) => runStage(run, { ...stage, lowPriority: yieldsToClusters(stage, able) }),
      stop: () => run.stop(),
      wasStopped: () => run.wasStopped(),
      judge: ({ stage, failed, ...result }) => {
        if (failed === 0) return result.note === undefined ? 'passed' : 'failed';
        return values['no-bail'] || decideRetry(stage, { failed, ...result }, known).kind === 'retry' ? 'failed' : 'fatal';
      },
    });
    results.push(...cannot, ...await retried(run, ended, known));
  } finally {
    // Before the summary: what is said of it must not come behind the last line.
    results.push(...await close(run));
  }
  await report(run, chosen, results);
}

/** What is left behind is a failure like any other. */
async function close(run: Run): Promise<StageResult[]> {
  const began = run.elapsed;
  return run.close().then(() => [], (error: unknown) => [{
    stage: 'end', began, seconds: run.elapsed - began, passed: 0, failed: 1, skipped: [], failedTests: [{ name: 'leaves nothing behind', file: '', error: String(error) }],
  }]);
}

function readKnownFlakes(): KnownFlake[] {
  return z.array(z.object({ name: z.string(), since: z.string(), why: z.string() })).parse(JSON.parse(readFileSync(KNOWN_FLAKES, 'utf8')));
}

async function sortOut(chosen: readonly Stage[]): Promise<{ readonly able: Stage[]; readonly cannot: StageResult[] }> {
  const able: Stage[] = [];
  const cannot: StageResult[] = [];
  for (const stage of chosen) {
    const reason = await stage.cannot?.();
    if (reason === undefined) able.push(stage);
    else if (stage.kind === 'suite' || stage.ofProduct) cannot.push({ stage: stage.name, began: 0, seconds: 0, passed: 0, failed: 0, failedTests: [], skipped: [`${stage.kind} ${stage.name} (${stage.what}): ${reason}`], note: 'skipped: see below' });
  }
  return { able, cannot };
}

/** With the second attempt of the only scenario that failed in the whole run, if that is what happened; else with why there is none. */
async function retried(run: Run, results: readonly StageResult[], known: readonly KnownFlake[]): Promise<StageResult[]> {
  const red = results.filter(({ failed }) => failed > 0);
  const [only] = red;
  const stage = STAGES.find(({ name, kind }) => name === only?.stage && kind === 'suite');
  if (only === undefined || stage === undefined || red.length > 1) return [...results];
  const decision = decideRetry(only.stage, only, known);
  const instead = (result: StageResult) => results.map((old) => (old === only ? result : old));
  if (decision.kind === 'failed') return instead({ ...only, note: decision.why });
  if (decision.kind === 'passed' || run.wasStopped()) return [...results];
  const again = await runAlone(run, stage, decision.test, patternOf(decision.test.name));
  if (run.wasStopped()) return [...results];
  if (!passedAlone(again)) return [...results, { ...again, passed: 0, failed: 0, note: 'failed again' }];
  return [...instead({ ...only, failed: 0, flaky: decision.test, note: '1 flaky' }), { ...again, note: 'the flaky one' }];
}

async function report(run: Run, chosen: readonly Stage[], results: readonly StageResult[]): Promise<void> {
  const notRun = chosen.filter(({ name, kind }) => kind !== 'step' && !results.some(({ stage }) => stage === name));
  const all = [...results, ...notRun.map(({ name }) => ({ stage: name, began: 0, seconds: 0, passed: 0, failed: 0, failedTests: [], skipped: [], note: 'not run' }))];
  const verdict = conclude(all, { ci: CI, stopped: run.wasStopped(), folder: run.folder });
  console.log(`\n${renderStages(all)}\n`);
  for (const line of verdict.lines) console.log(line);
  await keep(run, all, verdict).catch((error: unknown) => console.log(`the summary is not kept in ${run.folder}: ${String(error)}`));
  console.log(`${verdict.passed} passed, ${verdict.failed} failed`);
  process.exitCode = verdict.failed === 0 ? 0 : 1;
}

async function keep(run: Run, all: readonly StageResult[], verdict: Verdict): Promise<void> {
  for (const line of evidence(run)) console.log(line);
  if (verdict.flaky.length > 0) writeFileSync(join(run.folder, 'flaky.txt'), `${verdict.flaky.join('\n')}\n`);
  await saveStages(run, all, verdict);
}

/** What suites on pods left when they failed. */
function evidence(run: Run): string[] {
  const folder = evidenceOf(run);
  if (!existsSync(folder)) return [];
  const clusters = readdirSync(folder).flatMap((suite) => readdirSync(join(folder, suite)).map((cluster) => join(folder, suite, cluster)));
  return clusters.map((path) => `left by what failed: ${path} (support bundle, logs of the node)`);
}

main().catch((error: unknown) => {
  console.error(error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});
