// Resident memory of the operator that has nothing to do, against a bare Node.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Section } from './bench-report.js';
import { besideBareNode, medians, residentRows, type OperatorCost, type Pair } from './resident.js';
import type { Stage } from './stage.js';

const SAMPLES = 10;

export async function measureOperator(stage: Stage): Promise<Section> {
  const cost = await besideBareNode(stage, async ({ version, look }): Promise<OperatorCost> => {
    const samples: Pair[] = [];
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      await sleep(1000, undefined, { signal: stage.signal });
      samples.push(await look());
    }
    return { version, operator: medians(samples.map(({ operator }) => operator)), bare: medians(samples.map(({ bare }) => bare)) };
  });
  return { name: 'operator', rows: residentRows(cost), numbers: cost };
}
