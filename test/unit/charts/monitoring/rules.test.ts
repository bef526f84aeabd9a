// The rules follow from how often health is checked: an operator that checks once an hour is not overdue after a quarter of one.
import { describe, expect, it } from '@jest/globals';
import { alertRules } from '../../../../charts/monitoring/rules.js';

describe('an operator that is silent', () => {
  it.each([[undefined, 900], [30, 900], [300, 900], [301, 903], [3_600, 10_800]])('and checks every %s s fires after %d s', (everySeconds, seconds) => {
    const expressions = alertRules('errors', everySeconds).filter(({ alert }) => ['GlitchkeeperBlind', 'GlitchkeeperHeartbeatOld'].includes(alert)).map(({ expr }) => expr.split(' > ').at(-1));
    expect(expressions).toEqual([String(seconds), String(seconds)]);
  });
});
