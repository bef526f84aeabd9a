// Builds what these suites share: what a cluster starts from (on a fresh machine this takes minutes) and the servers, unpacked.
import { GLITCHTIP_IMAGE } from '../api/gateway-fuzz/glitchtip-web.js';
import { unpackImage } from '../api/image-process.js';
import { POSTGRES_IMAGE } from '../api/postgres-server.js';
import { VALKEY_IMAGE } from '../api/valkey-server.js';
import { buildProgress, prepareMachine } from '../../embedded/index.js';
import { withLock } from '../../embedded/instance.js';
import { stateRoot } from '../../embedded/cluster-options.js';

const progress = buildProgress((line) => process.stderr.write(`${line}\n`), Date.now);
await withLock(stateRoot(process.env), '.real-parts', () => progress.say('waiting for another suite that gets the same ready'), async () => {
  await prepareMachine({ images: true }, progress);
  for (const image of [POSTGRES_IMAGE, VALKEY_IMAGE, GLITCHTIP_IMAGE]) await unpackImage(image);
});
