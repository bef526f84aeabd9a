// The stages of a run in a file, and the table in docs/ that is made from it.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { observeCheckout } from './checkout.js';
import { RESULTS, clock, type Run } from './run.js';
import type { StageResult } from './run-stage.js';
import { renderStagesForDocs } from './stage-table.js';
import type { Verdict } from './verdict.js';

const FILE = 'stages.json';

const savedSchema = z.object({
  date: z.string(),
  commit: z.string(),
  dirty: z.boolean(),
  cores: z.number(),
  seconds: z.number(),
  passed: z.number(),
  failed: z.number(),
  stages: z.array(z.object({
    stage: z.string(), began: z.number(), seconds: z.number(), passed: z.number(), failed: z.number(), skipped: z.array(z.string()), note: z.string().optional(),
    flaky: z.object({ name: z.string(), error: z.string() }).optional(),
  })),
});

type Saved = z.infer<typeof savedSchema>;

export async function saveStages(run: Pick<Run, 'began' | 'elapsed' | 'folder'>, stages: readonly StageResult[], { passed, failed }: Pick<Verdict, 'passed' | 'failed'>): Promise<void> {
  const { commit, dirty } = await observeCheckout(RESULTS);
  const saved: Saved = {
    date: new Date(run.began).toISOString().slice(0, 10), commit, dirty: dirty.length > 0, cores: cpus().length, seconds: run.elapsed, passed, failed,
    stages: stages.map(({ stage, began, seconds, passed: well, failed: red, skipped, note, flaky }) =>
      ({ stage, began, seconds, passed: well, failed: red, skipped: [...skipped], note, ...(flaky === undefined ? {} : { flaky: { name: flaky.name, error: flaky.error } }) })),
  };
  writeFileSync(join(run.folder, FILE), JSON.stringify(saved, undefined, 2));
}

/** The text with the table of a run between the marks of that name. @throws Error where the marks are missing */
export function withStages(text: string, name: string, saved: Saved): string {
  const [begin, end] = [`<!-- stages: ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`found no place for the table: ${begin} ... ${end}`);
  const caption = `${saved.date}, commit ${saved.commit.slice(0, 8)}${saved.dirty ? ' with changes' : ''}, ${saved.cores} cores: ${clock(saved.seconds)} minutes, ${saved.passed} passed, ${saved.failed} failed.`;
  const table = renderStagesForDocs(saved.stages.map((stage) => ({ ...stage, flaky: undefined, failedTests: [] })));
  return `${text.slice(0, from)}${begin}\n${caption}\n\n${table}\n${text.slice(to)}`;
}

/** Of that run, or of the newest that left them. */
export function readStages(folder?: string): Saved {
  const runs = folder === undefined && existsSync(RESULTS) ? readdirSync(RESULTS).sort().map((name) => join(RESULTS, name)) : [];
  const file = [folder ?? '', ...runs.reverse()].map((run) => join(run, FILE)).find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Error(`found no ${FILE} ${folder === undefined ? `in ${RESULTS}/: run .ci/run first` : `in ${folder}`}`);
  return savedSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}
