// Starts the operator from its compressed bundle: a ConfigMap holds 1 MiB, and `kubectl apply` keeps a copy of it in an annotation of 256 KiB.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { URL } from 'node:url';
import { runInThisContext } from 'node:vm';
import { brotliDecompressSync } from 'node:zlib';

const code = brotliDecompressSync(readFileSync(new URL('operator.js.br', import.meta.url))).toString('latin1');
runInThisContext(`(function (require, module, exports) {${code}\n})`, { filename: 'operator.js' })(createRequire(import.meta.url), { exports: {} }, {});
