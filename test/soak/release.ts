// Whether the records of the soak are of what is to be released: made on the last commit that changed the product, or on one that follows it.
import { execa } from 'execa';
import type { SoakRecord } from './record.js';

/**
 * What runs in a cluster. A record from before its last change says nothing of it. Without cli/: it changes nothing there but by what these folders
 * answer for, and each of its commands is tested against the contract of that; a word of it would make every part stale.
 */
export const PRODUCT = ['operator', 'charts', 'gateway', 'backup'];

export interface ReleaseCheck {
  /** What stands in the way, a sentence each; none: it may be released. */
  readonly problems: readonly string[];
  /** What was left out of account. */
  readonly warnings: readonly string[];
}

/** @throws Error when git cannot tell */
export async function checkRelease(repository: string, parts: readonly string[], all: readonly SoakRecord[]): Promise<ReleaseCheck> {
  const git = new Repository(repository);
  await git.mustBeWhole();
  const changed = await git.changedFiles(PRODUCT);
  const last = await git.lastChange(PRODUCT);
  const records = await git.ofKnownCommits(all);
  const problems = changed.length > 0 ? [`not committed: ${changed.join(', ')}`] : [];
  for (const part of parts) {
    const fresh = await git.freshOf(records.filter((record) => record.part === part), last);
    problems.push(...judge(part, last, fresh));
  }
  return { problems, warnings: all.filter((record) => !records.includes(record)).map(leftOut) };
}

/** A commit of a branch that was rebased or never merged is gone from every new clone. */
function leftOut({ part, started, commit }: SoakRecord): string {
  return `the record of ${part} from ${started} names the commit ${commit}, which this repository does not have: it says nothing`;
}

/** @param fresh records of the part that are of what is to be released */
function judge(part: string, last: string, fresh: readonly SoakRecord[]): string[] {
  const newest = [...fresh].sort((a, b) => Date.parse(b.started) - Date.parse(a.started))[0];
  const again = `npm run soak -- ${part}`;
  if (newest === undefined) return [`${part}: no record of ${last.slice(0, 8)}, the last change of the product, or later: ${again}`];
  const of = `${part}: the newest record (${newest.started}, ${newest.commit.slice(0, 8)})`;
  if (newest.failed > 0) return [`${of} has ${newest.failed} failed${newest.reason === undefined ? '' : `: ${newest.reason}`}: ${again}`];
  if (newest.passed === 0) return [`${of} has no passed test: ${again}`];
  if (newest.dirty.length > 0) return [`${of} was made with changes that were not committed (${newest.dirty.join(', ')}): ${again}`];
  return [];
}

class Repository {
  constructor(private readonly folder: string) {}

  /** Without its history nobody can say what came after what. */
  async mustBeWhole(): Promise<void> {
    const { stdout } = await this.git('rev-parse', '--is-shallow-repository');
    if (stdout === 'true') throw new Error('this is a shallow clone, which does not know what came after what: git fetch --unshallow');
  }

  async changedFiles(paths: readonly string[]): Promise<string[]> {
    const { stdout } = await this.git('status', '--porcelain', '--untracked-files=all', '--', ...paths);
    return stdout.split('\n').filter((line) => line !== '').map((line) => line.slice(3));
  }

  async lastChange(paths: readonly string[]): Promise<string> {
    const { stdout } = await this.git('log', '-1', '--format=%H', 'HEAD', '--', ...paths);
    if (stdout === '') throw new Error(`no commit has ever touched ${paths.join(', ')}: is this the project's repository?`);
    return stdout;
  }

  async ofKnownCommits(records: readonly SoakRecord[]): Promise<SoakRecord[]> {
    const known: SoakRecord[] = [];
    for (const record of records) {
      const { failed } = await execa('git', ['cat-file', '-e', `${record.commit}^{commit}`], { cwd: this.folder, reject: false });
      if (!failed) known.push(record);
    }
    return known;
  }

  /** The records whose commit has the change in it, and is itself in what is checked out. @param records of commits that are here */
  async freshOf(records: readonly SoakRecord[], change: string): Promise<SoakRecord[]> {
    const fresh: SoakRecord[] = [];
    for (const record of records) {
      if (await this.isAncestor(change, record.commit) && await this.isAncestor(record.commit, 'HEAD')) fresh.push(record);
    }
    return fresh;
  }

  private async isAncestor(older: string, newer: string): Promise<boolean> {
    const { exitCode, stderr } = await execa('git', ['merge-base', '--is-ancestor', older, newer], { cwd: this.folder, reject: false });
    // 1 says no; anything else, that it cannot tell.
    if (exitCode !== 0 && exitCode !== 1) throw new Error(`git cannot tell whether ${newer} follows ${older}: ${stderr}`);
    return exitCode === 0;
  }

  private git(...args: string[]): Promise<{ readonly stdout: string }> {
    return execa('git', args, { cwd: this.folder });
  }
}
