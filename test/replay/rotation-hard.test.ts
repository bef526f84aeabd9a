// The same of a compromise and of a rotation that has to be undone.
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { CrashReplay } from './crash-replay.js';

describe('a rotation on real servers that is strict or cannot be finished, cut at each of its writes', () => {
  let replay: CrashReplay;
  beforeAll(async () => {
    replay = await CrashReplay.open();
  });
  afterAll(() => replay.close());

  it('"compromised" with a fault at each write: nobody is locked out, and it completes', () => replay.cutEverywhere('compromised'));

  it('"compromised" ends the sessions that were opened with what leaked of the gateway and of the login that dumps', () => replay.strangers());

  it('"compromised" behind a rollout that never ends, cut: it goes on after five minutes, nobody is locked out, and what leaked is revoked', () => replay.broken());

  it('one that is undone is tried again after a pause, and completes', () => replay.undoAndTryAgain());

  it('a fault at each write of a rotation that has to be undone: nobody is locked out, and the old values stay', () => replay.undoEverywhere());
});
