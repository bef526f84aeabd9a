// `npm run soak [-- PART...]`: the parts one after the other, a record each; `npm run soak -- --list` says which there are.
import { parseArgs } from 'node:util';
import { brokenBy } from '../runner/broken-run.js';
import { runStage } from '../runner/run-stage.js';
import { Run } from '../runner/run.js';
import { STAGES } from '../runner/stages.js';
import { LONGEST_MINUTES, SOAK_PARTS, chooseParts, type SoakPart } from './parts.js';
import { addUp, writeRecord, type SoakRecord } from './record.js';
import { runPart } from './run-part.js';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { list: { type: 'boolean', default: false } }, allowPositionals: true });
  const parts = chooseParts(positionals);
  if (values.list) {
    for (const { name, what, minutes } of SOAK_PARTS) console.log(`${name.padEnd(20)} ${String(minutes).padStart(2)} min  ${what}`);
    return;
  }
  const records = await runParts(parts);
  for (const { part, passed, failed, seconds, reason = '' } of records) console.log(`${part.padEnd(14)} ${passed} passed, ${failed} failed in ${seconds} s  ${reason}`.trimEnd());
  const { passed, failed } = addUp(records, parts);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** A signal ends the part that runs, and then there is no next one. */
async function runParts(parts: readonly SoakPart[]): Promise<SoakRecord[]> {
  let current: Run | undefined;
  const interrupted = new AbortController();
  const isInterrupted = (): boolean => interrupted.signal.aborted;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupted.abort();
      void current?.stop();
    });
  }
  process.on('uncaughtException', brokenBy(() => current?.close()));
  const records: SoakRecord[] = [];
  for (const part of parts) {
    if (isInterrupted()) break;
    current = await Run.begin();
    // Also while it began.
    if (isInterrupted()) await current.stop();
    const record = await runReadied(current, part);
    if (record === undefined) break;
    console.log(`record: ${writeRecord(record)}`);
    records.push(record);
  }
  return records;
}

/** On what every suite on pods needs. Undefined: it was ended before the part began. */
async function runReadied(run: Run, part: SoakPart): Promise<SoakRecord | undefined> {
  try {
    for (const stage of STAGES.filter(({ kind }) => kind === 'step')) {
      const { failed, note } = await runStage(run, { ...stage, lowPriority: false });
      if (note === 'stopped') return undefined;
      if (failed > 0) throw new Error(`${stage.name} failed: ${run.logOf(stage.name)}`);
    }
    run.say(`=== ${part.name}: ${part.what}; at most ${LONGEST_MINUTES} minutes`);
    return await runPart(run, part);
  } finally {
    await run.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});
