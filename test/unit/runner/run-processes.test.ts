// Everything that a run started ends with it, and nothing else does.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { MARK, endAll, withDescendants } from '../../runner/run-processes.js';

describe('the processes of a run', () => {
  it('are the marked, and what these started without the mark', () => {
    const processes = [
      { id: 30, parent: 20, marked: false }, { id: 20, parent: 10, marked: false }, { id: 10, parent: 1, marked: true },
      { id: 11, parent: 1, marked: true }, { id: 40, parent: 1, marked: false },
    ];
    expect(withDescendants(processes).sort()).toEqual([10, 11, 20, 30]);
  });

  // Where there is no /proc a run has no clusters, and ends as its programs do.
  if (process.platform !== 'linux') {
    it('are not searched for without /proc', async () => expect(await endAll('mine')).toEqual([]));
    return;
  }
  it('end, in a session of their own and with a child of another environment, while another run goes on', async () => {
    const run = `test-${process.pid}`;
    const mine = start(run, 'env -i sleep 600 & echo $!; wait');
    const other = start(`${run}0`, 'echo ready; exec sleep 600');
    try {
      const [[child]] = await Promise.all([once(mine.stdout, 'data'), once(other.stdout, 'data')]) as [[Buffer], unknown[]];
      expect(await endAll(run)).toEqual([]);
      expect([mine.pid, Number(child.toString()), other.pid].map((id) => runs(id ?? 0))).toEqual([false, false, true]);
    } finally {
      other.kill('SIGKILL');
      mine.kill('SIGKILL');
    }
  });
});

function start(run: string, script: string): ChildProcessByStdio<null, Readable, null> {
  return spawn('sh', ['-c', script], { detached: true, env: { ...process.env, [MARK]: run }, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** What has ended and was not waited for yet does not run. */
function runs(id: number): boolean {
  const file = `/proc/${id}/stat`;
  return existsSync(file) && !/\) Z /.test(readFileSync(file, 'utf8'));
}
