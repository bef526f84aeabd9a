import { expect, it } from '@jest/globals';
import { RUN_FAILURES, adviceOnFailure } from '../../../../../operator/core/backup/failure-advice.js';

it.each(Object.keys(RUN_FAILURES))('there is something to do about %s', (reason) => {
  expect(adviceOnFailure({ step: 'dump', reason })).not.toContain('backup-failed.md');
  expect(adviceOnFailure({ step: 'dump', reason })).toMatch(/\.$/);
});

it.each([
  ['of the Job', 'restore', /backup\.scratch/],
  ['of the Job, where the encrypted dump finds none', 'encrypt', /backup\.scratch/],
  ['of the store', 'store', /bucket.*backup\.volume.*backup\.keep/],
])('no room is advised on by whose it is: %s', (_, step, advice) => expect(adviceOnFailure({ step, reason: 'NoSpace' })).toMatch(advice));

it.each(['MoonTooBright', 'constructor'])('a reason that only a newer operator has leads to the runbook: %s', (reason) => {
  expect(adviceOnFailure({ step: 'store', reason })).toContain('docs/runbooks/backup-failed.md');
});
