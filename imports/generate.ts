// Regenerates imports/ with `cdk8s import` from the operator's CustomResourceDefinition; with --check it writes nothing here and fails where that would change a file.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { buildCustomResourceDefinition } from '../operator/api/crd.js';

const OUT = 'imports';
const check = process.argv.includes('--check');
const folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-crd-'));
try {
  const file = join(folder, 'crd.yaml');
  const output = check ? join(folder, OUT) : OUT;
  writeFileSync(file, stringify(buildCustomResourceDefinition()));
  await execa('cdk8s', ['import', file, '--language', 'typescript', '--output', output, '--no-save'], {
    preferLocal: true, stdio: 'inherit', env: { CHECKPOINT_DISABLE: '1' },
  });
  if (check) compare(output);
} finally {
  rmSync(folder, { recursive: true });
}

function current(name: string): string | undefined {
  const file = join(OUT, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function compare(generated: string): void {
  const files = readdirSync(generated);
  const old = files.filter((name) => readFileSync(join(generated, name), 'utf8') !== current(name));
  if (files.length > 0 && old.length === 0) return;
  console.error(`${old.map((name) => join(OUT, name)).join(', ')}: not what is generated now: npm run generate`);
  process.exitCode = 1;
}
