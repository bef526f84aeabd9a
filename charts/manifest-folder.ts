// The folder of manifests: written anew as a whole or left as it was, and what is not ours in it stays.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** `kubectl apply -f dist/` does not look into folders: a kind that the cluster does not have would fail it. */
export const MONITORING = 'monitoring';

/** Files of ours that other settings leave out: they must not stay and be applied again. */
const OURS = /^(\d{4}-)?(namespace|crds|operator|glitchtip|https|monitoring)\.k8s\.yaml$/;

/**
 * Has `synthesize` write into an empty folder, and puts all of it in the place of what was there only when that has succeeded.
 * @returns the files written, below `folder`
 */
export function replaceManifests(folder: string, synthesize: (scratch: string) => void): string[] {
  mkdirSync(folder, { recursive: true });
  // In the same folder, and so on the same disk: a file is there as it was, or as it is now.
  const scratch = mkdtempSync(join(folder, '.synth-'));
  try {
    synthesize(scratch);
    const files = filesIn(scratch);
    for (const file of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      renameSync(join(scratch, file), join(folder, file));
    }
    for (const old of manifestsOf(folder).filter((file) => !files.includes(file))) rmSync(join(folder, old));
    return files;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Manifests of ours as one text; empty where there are none. */
export function readManifests(folder: string): string {
  return manifestsOf(folder).map((file) => readFileSync(join(folder, file), 'utf8')).join('\n---\n');
}

/** Below the folder, in the order in which kubectl applies them. */
function manifestsOf(folder: string): string[] {
  return ['', MONITORING].flatMap((inner) => {
    const path = join(folder, inner);
    return existsSync(path) ? readdirSync(path).filter((file) => OURS.test(file)).sort().map((file) => join(inner, file)) : [];
  });
}

/** What lies in the folder itself comes first. */
function filesIn(folder: string, inner = ''): string[] {
  const entries = readdirSync(join(folder, inner), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    ...entries.filter((entry) => entry.isFile()).map(({ name }) => join(inner, name)),
    ...entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => filesIn(folder, join(inner, name))),
  ];
}
