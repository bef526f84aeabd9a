// Regenerates imports/ with `cdk8s import` from the operator's CustomResourceDefinition; CI compares the result with what is committed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { buildCustomResourceDefinition } from '../operator/api/crd.js';

const folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-crd-'));
try {
  const file = join(folder, 'crd.yaml');
  writeFileSync(file, stringify(buildCustomResourceDefinition()));
  await execa('cdk8s', ['import', file, '--language', 'typescript', '--output', 'imports', '--no-save'], {
    preferLocal: true, stdio: 'inherit', env: { CHECKPOINT_DISABLE: '1' },
  });
} finally {
  rmSync(folder, { recursive: true });
}
