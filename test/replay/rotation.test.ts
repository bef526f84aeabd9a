// A rotation of everything cut at each of its writes, on a real API server, Postgres and Valkey: at no instant is anybody locked out, and each ends.
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { CrashReplay } from './crash-replay.js';

describe('a rotation on real servers, cut at each of its writes', () => {
  let replay: CrashReplay;
  beforeAll(async () => {
    replay = await CrashReplay.open();
  });
  afterAll(() => replay.close());

  it.each(['postgres', 'gateway', 'backup', 'administrator,operator'])('without a fault "%s" completes, and revokes every old value', async (request) => {
    await replay.rotate(request);
  });

  it('a gateway that does not start again holds a rotation up and locks nobody out', () => replay.gatewayStuck());

  it('"all" with a fault at each write: nobody is locked out, and it completes', () => replay.cutEverywhere('all'));
});
