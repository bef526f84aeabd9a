// What is being tested: the commit, and whether the files are its own.
import { execa } from 'execa';

export interface Checkout {
  /** Its full name; "unknown" outside of a repository. */
  readonly commit: string;
  /** Files that are not as in the commit. */
  readonly dirty: readonly string[];
}

/** @param except folder whose files do not count */
export async function observeCheckout(except: string, cwd = process.cwd()): Promise<Checkout> {
  const commit = await execa('git', ['rev-parse', 'HEAD'], { cwd, reject: false });
  if (commit.failed) return { commit: 'unknown', dirty: [] };
  const { stdout } = await execa('git', ['status', '--porcelain', '--untracked-files=all', '--', ':/', `:(exclude,top)${except}`], { cwd });
  return { commit: commit.stdout, dirty: stdout.split('\n').filter((line) => line !== '').map((line) => line.slice(3)) };
}
