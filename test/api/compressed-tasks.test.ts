// Tasks that GlitchTip 6.2 compressed, read by the Node.js that the operator runs on: the one of the tests may not know Zstandard.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { taskOf } from '../unit/operator/io/valkey/vtasks-payloads.js';
import { prepareProcess, unpackImage } from './image-process.js';

const TS = 1_796_000_000.25;
const LARGE = taskOf({ queue: 'ingest', ts: TS, failed_at: TS + 7, event: { message: 'x'.repeat(5_000), ts: 1 } });
/** What follows: that task as django-vtasks writes it, the same cut off, and one that unpacks to more than anybody sends. */
const SCRIPT = `
  import { readTask } from './task-payload.mjs';
  import { zstdCompressSync } from 'node:zlib';
  const packed = (bytes) => Buffer.concat([Buffer.from('zstd:'), zstdCompressSync(bytes)]);
  const task = packed(Buffer.from(${JSON.stringify(LARGE)}));
  console.log(JSON.stringify([task, task.subarray(0, 40), packed(Buffer.alloc(9 * 2 ** 20, '"ts":1,'))].map(readTask)));`;

it('are read, and what is cut off or far too large says nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-tasks-'));
  await chmod(folder, 0o755);
  await build({ entryPoints: ['operator/io/valkey/task-payload.ts'], bundle: true, platform: 'node', format: 'esm', outfile: join(folder, 'task-payload.mjs') });
  await writeFile(join(folder, 'read.mjs'), SCRIPT);
  const image = await unpackImage('docker.io/library/node:24-alpine');
  const env = { ...image.env, PATH: `${image.env['PATH'] ?? ''}:/usr/sbin` };
  const program = prepareProcess({ image: { ...image, env }, user: { uid: 1000, gid: 1000 }, command: ['node', '/tasks/read.mjs'] }, { '/tasks': folder });
  program.start();
  while (!program.ended) await sleep(20);
  await program.kill();
  await rm(folder, { recursive: true });
  expect(JSON.parse(program.output)).toEqual([{ queuedAt: TS, failedAt: TS + 7, queue: 'ingest' }, {}, {}]);
}, 60_000);
