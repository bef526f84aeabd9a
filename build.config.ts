// Builds everything that runs without tsx: the bundles of the operator and the gateway and their loader, the synthesizer, the CLI, and the library.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { bundleCommand, bundleProgram } from './bundle.config.js';
import { PROGRAMS, type Program } from './charts/programs.js';
import ts from 'typescript';

const OUT = 'build';
/** What manifests carry; charts/assets.ts reads it. */
const ASSETS = `${OUT}/assets`;
/** A command has ended before code that V8 makes faster would pay for it. `npm run synth` has the same. */
const SNAPSHOT_FLAGS = ['--no-opt'];

async function buildProgram(name: string, { entry, bundle }: Program): Promise<void> {
  const { code, compressed } = await bundleProgram(entry);
  replace(`${OUT}/${name}.js`, code);
  replace(`${ASSETS}/${bundle}`, compressed);
}

/** A command of one file. Some of what it bundles is CommonJS and asks for `require`. */
async function buildCommand(entry: string, name: string): Promise<void> {
  const banner = { js: `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);` };
  // npm makes it executable where it installs; here for whoever links to it, as a kubectl plugin on PATH.
  replace(`${OUT}/${name}.js`, await bundleCommand(entry, { format: 'esm', banner }), 0o755);
}

/**
 * A program as a startup snapshot of Node.js, which has loaded it already: starting it takes a third of the time. Only the Node.js that built
 * it takes it, with the flags that it was built with, so it is for commands that build first.
 */
async function buildSnapshot(entry: string, name: string): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'glitchkeeper-snapshot-'));
  const [source, snapshot] = [join(scratch, `${name}.cjs`), join(scratch, 'snapshot')];
  try {
    const url = JSON.stringify(pathToFileURL(resolve(`${OUT}/${name}.js`)));
    writeFileSync(source, await bundleCommand(entry, { format: 'cjs', define: { 'import.meta.url': url }, left: ['child processes'] }));
    const env = { CDK8S_OUTDIR: join(scratch, 'dist'), GLITCHKEEPER_SETTINGS: '/dev/null' };
    await execa(process.execPath, [...SNAPSHOT_FLAGS, '--snapshot-blob', snapshot, '--build-snapshot', source], { env });
    replace(`${OUT}/${name}.snapshot`, readFileSync(snapshot));
  } finally {
    rmSync(scratch, { recursive: true });
  }
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
await buildSnapshot('main.ts', 'main');
await buildCommand('cli/main.ts', 'cli');
buildLibrary();
