// Tasks of GlitchTip 6.2 that failed with accepted events among them: since when, and who gives them again.
import { expect, it } from '@jest/globals';
import type { Facts } from '../../../../../operator/core/health/health-facts.js';
import { diagnosisOf, gatewayOf, specOf } from './health-scenarios.js';
import { lostEvents, SIX_SPEC } from './six-causes.js';

it.each([[60, 'EventsLost'], [80_000, undefined]])('of %d s ago are a cause of ingest now: %s', (seconds, reason) => {
  expect(diagnosisOf(lostEvents(seconds), specOf(SIX_SPEC)).affected.ingest?.reason).toBe(reason);
});

it.each<[string, Partial<Facts>, boolean]>([['behind the gateway', { gateway: gatewayOf() }, true], ['without one', {}, false]])('%s: it is said who gives their events again', (_, facts, isGiven) => {
  const [cause] = diagnosisOf({ ...lostEvents(60), ...facts }, specOf(SIX_SPEC)).causes;
  expect(/the gateway gives those again/.test(cause?.message ?? '')).toBe(isGiven);
});
