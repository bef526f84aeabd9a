// Starts a program from its compressed bundle, which its first argument names. A large one is cut into pieces (NAME, NAME.2, NAME.3), for
// `kubectl apply` keeps a copy of each ConfigMap in an annotation of 256 KiB.
import { Buffer } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { URL } from 'node:url';
import { runInThisContext } from 'node:vm';
import { brotliDecompressSync } from 'node:zlib';

const [, , bundle] = process.argv;
const pieces = [new URL(bundle, import.meta.url)];
for (let next = 2; existsSync(new URL(`${bundle}.${next}`, import.meta.url)); next += 1) pieces.push(new URL(`${bundle}.${next}`, import.meta.url));
const code = brotliDecompressSync(Buffer.concat(pieces.map((piece) => readFileSync(piece)))).toString('latin1');
runInThisContext(`(function (require, module, exports) {${code}\n})`, { filename: bundle.replace(/\.br$/, '') })(createRequire(import.meta.url), { exports: {} }, {});
