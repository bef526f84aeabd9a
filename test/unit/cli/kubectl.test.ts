// A call of kubectl has an end, whatever the cluster does.
import { expect, it } from '@jest/globals';
import { explainFailure, type ProgramError } from '../../../cli/failure.js';
import { callKubectl } from '../../../cli/kubectl.js';

/** As `kubectl exec` towards a host that is gone. */
const SILENT = { kubectl: process.execPath, cluster: ['-e', 'setInterval(() => undefined, 1_000)'], description: 'a test' };

it('that does not end in its time is ended, and told as a cluster that does not answer', async () => {
  const error: unknown = await callKubectl(SILENT, [], { within: 300 }).catch((reason: unknown) => reason);
  expect(explainFailure(error as ProgramError)).toMatchObject({ kind: 'unreachable', message: 'the cluster does not answer: kubectl had not ended in its time' });
}, 20_000);

it('has on its standard input what is in no argument', async () => {
  const echo = { ...SILENT, cluster: ['-e', 'process.stdin.pipe(process.stdout)'] };
  expect(await callKubectl(echo, [], { input: 'of a Secret' })).toBe('of a Secret');
});
