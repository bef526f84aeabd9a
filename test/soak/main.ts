// `npm run soak [-- PART...]`: the parts one after the other, a record each; `npm run soak -- --list` says which there are.
import { parseArgs } from 'node:util';
import { runStage } from '../runner/run-stage.js';
import { Run } from '../runner/run.js';
import { STAGES } from '../runner/stages.js';
import { LONGEST_MINUTES, SOAK_PARTS, chooseParts, type SoakPart } from './parts.js';
import { writeRecord, type SoakRecord } from './record.js';
import { runPart } from './run-part.js';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { list: { type: 'boolean', default: false } }, allowPositionals: true });
  const parts = chooseParts(positionals);
  if (values.list) {
    for (const { name, what, minutes } of SOAK_PARTS) console.log(`${name.padEnd(14)} ${String(minutes).padStart(2)} min  ${what}`);
    return;
  }
  const hand: { run?: Run; interrupted: boolean } = { interrupted: false };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      hand.interrupted = true;
      void hand.run?.stop();
    });
  }
  const records: SoakRecord[] = [];
  for (const part of parts) {
    if (hand.interrupted) break;
    hand.run = await Run.begin();
    const record = await runReadied(hand.run, part);
    console.log(`record: ${writeRecord(record)}`);
    records.push(record);
  }
  for (const { part, passed, failed, seconds, reason = '' } of records) console.log(`${part.padEnd(14)} ${passed} passed, ${failed} failed in ${seconds} s  ${reason}`.trimEnd());
  const [passed, failed] = [sum(records.map((record) => record.passed)), sum(records.map((record) => record.failed))];
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && records.length === parts.length ? 0 : 1;
}

/** On what every suite on pods needs. */
async function runReadied(run: Run, part: SoakPart): Promise<SoakRecord> {
  try {
    for (const stage of STAGES.filter(({ kind }) => kind === 'step')) {
      const { failed } = await runStage(run, { ...stage, patient: false });
      if (failed > 0) throw new Error(`${stage.name} failed: ${run.logOf(stage.name)}`);
    }
    run.say(`=== ${part.name}: ${part.what}; at most ${LONGEST_MINUTES} minutes`);
    return await runPart(run, part);
  } finally {
    await run.close();
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
});
