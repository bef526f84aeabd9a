// Starts a program from its compressed bundle, which its first argument names: a ConfigMap holds 1 MiB, and `kubectl apply` keeps a copy of it in an annotation of 256 KiB.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { URL } from 'node:url';
import { runInThisContext } from 'node:vm';
import { brotliDecompressSync } from 'node:zlib';

const [, , bundle] = process.argv;
const code = brotliDecompressSync(readFileSync(new URL(bundle, import.meta.url))).toString('latin1');
runInThisContext(`(function (require, module, exports) {${code}\n})`, { filename: bundle.replace(/\.br$/, '') })(createRequire(import.meta.url), { exports: {} }, {});
