// What health reads of credentials: since when a leak is known, and what becomes of it.
import { describe, expect, it } from '@jest/globals';
import type { GlitchTipStatus } from '../../../../../operator/api/glitchtip-resource.js';
import { readCredentials } from '../../../../../operator/core/health/credential-age.js';
import type { LeakFacts } from '../../../../../operator/core/health/health-facts.js';
import type { Journal, ObservedJournal, Rotation } from '../../../../../operator/core/rotation/journal.js';
import { ago } from './health-scenarios.js';

const at = (seconds: number) => ago(seconds).toISOString();
const rotation = (changes: Partial<Rotation>): Rotation => ({
  id: 'r', trigger: 'compromised', credentials: ['postgres'], phase: 'Waiting', requestedAt: at(300), since: at(300), attempt: 1, requestPending: false, sessionsEnded: false, ...changes,
});
const journal = (fields: Partial<Journal>): ObservedJournal => ({ kind: 'present', journal: { history: [], owed: [], ...fields }, resourceVersion: '1', keys: [] });
const gaveUp = (trigger: 'compromised' | 'schedule') => ({ id: 'o', trigger, credentials: ['postgres' as const], startedAt: at(900), finishedAt: at(800), result: 'Undone' as const, message: 'Rolling did not end in time.' });

describe('a leak', () => {
  it.each<[string, ObservedJournal, Date | undefined, LeakFacts | undefined]>([
    ['is not known', journal({}), undefined, undefined],
    ['is not known of a rotation of another kind', journal({ rotation: rotation({ trigger: 'request' }), owed: [gaveUp('schedule')] }), undefined, undefined],
    ['waits', journal({ rotation: rotation({}) }), undefined, { since: ago(300), state: 'waits', message: 'held up' }],
    ['is being closed', journal({ rotation: rotation({ phase: 'Rolling', since: at(10) }) }), undefined, { since: ago(300), state: 'under way', message: 'held up' }],
    ['was given up', journal({ owed: [gaveUp('compromised')] }), undefined, { since: ago(800), state: 'given up', message: 'Rolling did not end in time.' }],
    ['was given up, is tried again, and is no younger for that', journal({ rotation: rotation({}), owed: [gaveUp('compromised')] }), undefined, { since: ago(800), state: 'waits', message: 'held up' }],
    ['is asked for beside another rotation, and was not recorded', journal({ rotation: rotation({ trigger: 'schedule', phase: 'Rolling' }) }), ago(200), { since: ago(200), state: 'waits', message: 'held up' }],
    ['is asked for while the journal is malformed', { kind: 'malformed', why: 'record' }, ago(200), { since: ago(200), state: 'waits', message: 'held up' }],
  ])('%s', (_, seen, askedAt, wanted) => {
    const status: GlitchTipStatus = { conditions: [{ type: 'RotationInProgress', status: 'False', reason: 'RolloutUnderway', message: 'held up', observedGeneration: 1, lastTransitionTime: at(1) }] };
    expect(readCredentials(status, seen, askedAt).leak).toEqual(wanted);
  });
});
