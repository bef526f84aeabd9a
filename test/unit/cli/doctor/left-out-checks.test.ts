// What doctor says of items that GlitchTip does not keep.
import { expect, it } from '@jest/globals';
import { examine } from '../../../../cli/doctor/all-checks.js';
import { seen } from '../../../../cli/doctor/check-result.js';
import { backedUp, factsOf } from './example-facts.js';

it('what SDKs send and GlitchTip does not keep is named by project, and is no fault', () => {
  const leftOut = [{ project: 3, type: 'span', items: 1_204 }, { project: 1, type: 'session', items: 310 }, { project: 3, type: 'session', items: 7 }];
  const one = backedUp();
  const found = (figures: object) => examine(factsOf({ resource: seen({ ...one, status: { ...one.status, health: { figures } as never } }) })).filter(({ check }) => check === 'left out');
  expect(found({ leftOut })).toEqual([{ check: 'left out', level: 'ok', found: 'project 1 sends session (310); project 3 sends span (1204), session (7), which GlitchTip 5.2 does not keep; glitchkeeper spool counts all of it' }]);
  expect(found({})).toEqual([]);
});
