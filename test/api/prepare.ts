// Builds what the suites share: the project, what a cluster starts from (on a fresh machine 10 minutes and more) and the two servers, unpacked.
import { execa } from 'execa';
import { buildProgress, prepareMachine } from '../cluster/embedded/index.js';
import { unpackImage } from './image-process.js';
import { POSTGRES_IMAGE } from './postgres-server.js';
import { VALKEY_IMAGE } from './valkey-server.js';

await execa('npm', ['run', '--silent', 'build']);
await prepareMachine({ images: true }, buildProgress((line) => process.stderr.write(`${line}\n`), Date.now));
for (const image of [POSTGRES_IMAGE, VALKEY_IMAGE]) await unpackImage(image);
