// A run: what it starts, what it keeps of that, and how it ends when something breaks.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { brokenBy } from '../../runner/broken-run.js';
import { Run } from '../../runner/run.js';

describe('a run', () => {
  let folder: string;
  let run: Run;
  const said: string[] = [];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-runs-'));
    said.length = 0;
    jest.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
    run = await Run.begin(Date.now(), folder);
  });
  afterEach(async () => {
    await run.close();
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
  });
  const launch = (script: string) => run.launch({ name: 'stage', command: ['sh', '-c', script], lowPriority: false });

  it('keeps the output of what it starts, and says whether it ended well', async () => {
    expect(await launch('echo a; echo b >&2')).toBe(true);
    expect(readFileSync(run.logOf('stage'), 'utf8').split('\n').sort()).toEqual(['', 'a', 'b']);
    expect(await launch('exit 3')).toBe(false);
  });
  it('starts nothing once it was stopped', async () => {
    await run.stop();
    const witness = join(folder, 'witness');
    expect(await launch(`touch ${witness}`)).toBe(false);
    expect(existsSync(witness)).toBe(false);
  });
  it('goes on when its output cannot be kept, and says so once', async () => {
    rmSync(run.folder, { recursive: true });
    expect(await launch('for n in 1 2 3; do echo $n; sleep 0.05; done')).toBe(true);
    expect(said).toEqual([expect.stringMatching(/ the output of stage is not kept: .*ENOENT/)]);
  });
});

describe('a run that an error breaks', () => {
  const broken = async (close: () => Promise<void> | undefined, errors: readonly Error[]): Promise<unknown[]> => {
    const done: unknown[] = [];
    await new Promise<void>((resolve) => {
      const listener = brokenBy(close, {
        print: (line) => done.push(line.split('\n')[0]),
        exit: (code) => {
          done.push(code);
          resolve();
        },
      });
      for (const error of errors) listener(error);
    });
    return done;
  };
  it('is closed, and has a last line', async () => {
    const close = jest.fn(() => Promise.resolve());
    expect(await broken(close, [new Error('a'), new Error('b')])).toEqual(['Error: a', 'Error: b', '0 passed, 1 failed', 1]);
    expect(close).toHaveBeenCalledTimes(1);
  });
  it('has one as well when it cannot be closed, or has not begun', async () => {
    expect(await broken(() => Promise.reject(new Error('left')), [new Error('a')])).toEqual(['Error: a', 'Error: left', '0 passed, 1 failed', 1]);
    expect(await broken(() => undefined, [new Error('a')])).toEqual(['Error: a', '0 passed, 1 failed', 1]);
  });
});

describe('the commands of package.json', () => {
  // tsx as a program kills its child when that has not reacted to a signal within 30 ms.
  it('are run by Node.js itself, so that a signal reaches them', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly scripts: Readonly<Record<string, string>> };
    expect(Object.values(scripts).filter((script) => /(^|&& *)tsx /.test(script))).toEqual([]);
  });
});
