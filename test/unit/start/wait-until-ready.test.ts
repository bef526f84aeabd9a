// The wait for the parts: what cannot be looked at for a moment ends nothing.
import { expect, it } from '@jest/globals';
import type { PartReport } from '../../../cli/part-states.js';
import { waitForParts } from '../../../start/wait-until-ready.js';

const part = (ready: boolean): PartReport => ({ part: 'web', pod: 'web-1', ready, state: ready ? 'ready' : 'starting', restarts: 0 });

/** Observations in their order; the last one again and again. */
function seen(...observations: (PartReport[] | Error)[]): () => Promise<PartReport[]> {
  return () => {
    const next = observations.length > 1 ? observations.shift() : observations[0];
    return next instanceof Error || next === undefined ? Promise.reject(next ?? new Error('nothing')) : Promise.resolve(next);
  };
}

it.each<[string, (PartReport[] | Error)[]]>([
  ['the first', [new Error('connection refused'), [part(true)]]],
  ['a later', [[part(false)], new Error('connection refused'), [part(true)]]],
])('goes on when %s look at the cluster fails', async (_, observations) => {
  const said: string[] = [];
  expect(await waitForParts(seen(...observations), 60, (line) => said.push(line))).toEqual([part(true)]);
  expect(said).toEqual([expect.stringMatching(/^all parts ready after \d+ s$/)]);
}, 30_000);

it.each<[string, PartReport[] | Error, string]>([
  ['what is not ready', [part(false)], 'not ready in time: web (starting)'],
  ['why the cluster could not be looked at', new Error('connection refused'), 'connection refused'],
])('says in the end %s', async (_, observation, message) => {
  await expect(waitForParts(seen(observation), 0, () => undefined)).rejects.toThrow(message);
}, 30_000);
