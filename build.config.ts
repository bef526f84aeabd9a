// Builds everything that runs without tsx: the bundles of the operator and the gateway and their loader, the synthesizer, the CLI, and the library.
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { PROGRAMS, type Program } from './charts/programs.js';
import ts from 'typescript';

const OUT = 'build';
/** What manifests carry; charts/assets.ts reads it. */
const ASSETS = `${OUT}/assets`;
/** `kubectl apply` stores the object in an annotation of at most 256 KiB, in base64. Bytes. */
const LARGEST_BUNDLE = 170 * 1024;

const common = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  // One byte a character: V8 keeps such a source in half the memory, and the loader may decode it as Latin-1.
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'warning',
} satisfies BuildOptions;

/**
 * Leaves out what libraries load and our programs never call: prom-client's push gateway, cluster and default metrics, pino's
 * worker threads. They cost 5 MB of resident memory on Node 24, because each pulls in parts of Node (docs/decisions/0001).
 */
const withoutDeadWeight: Plugin = {
  name: 'without-dead-weight',
  setup(bundle) {
    const empty = { contents: 'module.exports = {};' };
    bundle.onLoad({ filter: /prom-client\/lib\/(pushgateway|cluster|defaultMetrics|summary)\.js$/ }, () => empty);
    bundle.onLoad({ filter: /pino\/lib\/(worker|transport|multistream)\.js$/ }, () => empty);
    bundle.onResolve({ filter: /^(node:)?worker_threads$/ }, ({ path }) => ({ path, namespace: 'main-thread' }));
    bundle.onLoad({ filter: /.*/, namespace: 'main-thread' }, () => ({ contents: 'module.exports = { isMainThread: true };' }));
  },
};

async function buildProgram(name: string, { entry, bundle }: Program): Promise<void> {
  const { outputFiles } = await build({
    ...common,
    entryPoints: [entry],
    format: 'cjs',
    write: false,
    // pg's optional native driver, and its test for Cloudflare, which loads all of undici (9 MB) by touching Response.
    external: ['pg-native'],
    define: { Response: 'undefined' },
    plugins: [withoutDeadWeight],
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  const compressed = brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: code.length } });
  if (compressed.length > LARGEST_BUNDLE) throw new Error(`the bundle of ${entry} is ${compressed.length} bytes, at most ${LARGEST_BUNDLE} fit a ConfigMap that kubectl applies`);
  replace(`${OUT}/${name}.js`, code);
  replace(`${ASSETS}/${bundle}`, compressed);
}

/** A command of one file. Some of what it bundles is CommonJS and asks for `require`. */
async function buildCommand(entry: string, name: string): Promise<void> {
  const banner = { js: `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);` };
  const { outputFiles } = await build({ ...common, entryPoints: [entry], format: 'esm', write: false, banner });
  // npm makes it executable where it installs; here for whoever links to it, as a kubectl plugin on PATH.
  replace(`${OUT}/${name}.js`, outputFiles[0]?.contents ?? '', 0o755);
}

/** The constructs as a library, with their types: what `import { GlitchTip } from 'glitchkeeper'` finds. */
function buildLibrary(): void {
  const read = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, '.');
  const program = ts.createIncrementalProgram({
    rootNames: ['charts/index.ts'],
    options: { ...options, noEmit: false, declaration: true, rootDir: '.', outDir: `${OUT}/lib`, incremental: true, tsBuildInfoFile: `${OUT}/lib.tsbuildinfo` },
  });
  const diagnostics = [...program.getSyntacticDiagnostics(), ...program.getSemanticDiagnostics(), ...program.emit().diagnostics];
  if (diagnostics.length === 0) return;
  const host = { getCanonicalFileName: (name: string) => name, getCurrentDirectory: () => process.cwd(), getNewLine: () => '\n' };
  throw new Error(ts.formatDiagnostics(diagnostics, host));
}

/** In one step: somebody may be running what was built before, and shall not find half a file. */
function replace(file: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true });
  const scratch = `${file}.${process.pid}`;
  writeFileSync(scratch, content, { mode });
  renameSync(scratch, file);
}

for (const [name, program] of Object.entries(PROGRAMS)) await buildProgram(name, program);
for (const file of readdirSync('charts/runtime')) replace(`${ASSETS}/runtime/${file}`, readFileSync(`charts/runtime/${file}`));
for (const file of readdirSync('backup/postgres')) replace(`${ASSETS}/backup/postgres/${file}`, readFileSync(`backup/postgres/${file}`));
await buildCommand('main.ts', 'main');
await buildCommand('cli/main.ts', 'cli');
buildLibrary();
