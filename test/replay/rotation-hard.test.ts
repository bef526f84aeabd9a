// The same of a compromise and of a rotation that has to be undone, with the faults after which the world and what the operator knows of it differ most.
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { CrashReplay } from './crash-replay.js';

const HARDEST = ['lost', 'late'] as const;

describe('a rotation on real servers that is strict or cannot be finished, cut at each of its writes', () => {
  let replay: CrashReplay;
  beforeAll(async () => {
    replay = await CrashReplay.open();
  });
  afterAll(() => replay.close());

  it('without a fault "compromised" completes, and every old value is dead', async () => {
    await replay.rotate('compromised');
  });

  it.each(HARDEST)('"compromised" with a fault "%s" at each write: nobody is locked out, and it completes', (how) => replay.cutEverywhere('compromised', how));

  it('one that is undone is tried again after a pause, and completes', () => replay.undoAndTryAgain());

  it.each(HARDEST)('a fault "%s" at each write of a rotation that has to be undone: nobody is locked out, and the old values stay', (how) => replay.undoEverywhere(how));
});
