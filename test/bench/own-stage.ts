// A stage of its own for a measurement that compares settings: a fresh cluster for each, removed before the next.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { BenchOptions } from './bench-options.js';
import { openStage, type Stage } from './stage.js';

export interface Surroundings {
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** @param more settings beside those of the options: sections of theirs are completed, and others replaced. Nothing is applied yet. */
export async function onOwnStage<T>(options: BenchOptions, more: Readonly<Record<string, unknown>>, { say, signal }: Surroundings, measure: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-bench-settings-'));
  const settings = join(folder, 'settings.yaml');
  const own = (options.settings === undefined ? {} : parse(await readFile(options.settings, 'utf8'))) as Readonly<Record<string, unknown>>;
  await writeFile(settings, stringify({ ...own, ...Object.fromEntries(Object.entries(more).map(([section, value]) => [section, completed(own[section], value)])) }));
  const stage = await openStage({ ...options, settings }, say, signal);
  try {
    return await measure(stage);
  } finally {
    await stage.close();
    await rm(folder, { recursive: true });
  }
}

function completed(own: unknown, more: unknown): unknown {
  return typeof more === 'object' ? { ...(own as object | undefined), ...more } : more;
}
