import { describe, expect, it } from '@jest/globals';
import type { PartReport } from '../../../../cli/part-states.js';
import { parsePods } from '../../../../cli/part-states.js';
import { plain } from '../../../../cli/output.js';
import { renderHistory, renderSummary } from '../../../../cli/report/status-text.js';
import { buildSummary, conditionsThatMatter, parseEvents, shownParts, type Summary } from '../../../../cli/report/status-summary.js';
import { NOW, condition, current, ended, ready, resource, type Scenario } from '../cli-scenarios.js';

const part = (name: string, state = 'ready'): PartReport => ({ part: name, pod: `${name}-0`, ready: state === 'ready', state, restarts: 0, memoryLimit: 300, memoryUsed: 120 });
const running = part('operator');
const summary = (scenario: Scenario = {}, operator = running, events?: Summary['events']): Summary =>
  buildSummary(resource(scenario), { parts: [operator, part('web')], events });

describe('the verdict is', () => {
  it.each<[Summary['verdict'], string, Scenario, PartReport]>([
    ['ready', 'when the condition says so', {}, running],
    ['not ready', 'when the condition says so', { conditions: [condition('Ready', 'False', 'Unreachable', 'Postgres does not answer.')] }, running],
    ['unknown', 'when the condition says so', { conditions: [condition('Ready', 'Unknown', 'NotObserved', 'No password is known.')] }, running],
    ['unknown', 'before the operator has reconciled', { conditions: [] }, running],
    ['unknown', 'while the operator has not seen the latest spec', { generation: 4 }, running],
    ['unknown', 'while no operator runs, whatever it once said', {}, part('operator', 'CrashLoopBackOff')],
  ])('%s %s', (verdict, _, scenario, operator) => expect(summary(scenario, operator).verdict).toBe(verdict));
});

it('that nobody watches health is said, whatever else is well', () => {
  expect(summary({ spec: { health: { enabled: false } } })).toMatchObject({ verdict: 'ready', why: expect.stringContaining('Health is not watched') });
});

describe('the parts are', () => {
  const migrated = parsePods(JSON.stringify({ items: [{
    kind: 'Pod', metadata: { name: 'migrate', labels: { 'app.kubernetes.io/component': 'migrate' }, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { containers: [] }, status: {},
  }] }));
  it.each<[string, Scenario, Parameters<typeof shownParts>[1], string[]]>([
    ['four and the operator', {}, [], ['operator', 'postgres', 'valkey', 'web', 'worker']],
    ['with the migrate Job while its pod is there', {}, migrated, ['operator', 'postgres', 'valkey', 'migrate', 'web', 'worker']],
    ['fewer in the tiny profile', { spec: { valkey: undefined, worker: undefined } }, [], ['operator', 'postgres', 'web']],
  ])('%s', (_, scenario, pods, parts) => expect(shownParts(resource(scenario), pods)).toEqual(parts));
});

describe('a credential', () => {
  it('has its generation, when it was renewed, and when the schedule renews it next', () => {
    expect(summary().credentials).toEqual([
      { name: 'glitchtip-app', generation: 2, renewedAt: '2026-05-20T12:00:00Z', nextAt: '2026-08-18T03:00:00Z' },
      { name: 'glitchtip-admin', generation: 1, renewedAt: '2026-01-01T00:00:00Z', nextAt: '2026-08-18T03:00:00Z' },
    ]);
  });

  it('that the schedule leaves out is rotated on demand only', () => {
    const { credentials } = summary({ spec: { rotation: { credentials: ['postgres'] } } });
    expect(credentials.map(({ name, nextAt }) => [name, nextAt !== undefined])).toEqual([['glitchtip-app', true], ['glitchtip-admin', false]]);
  });
});

it('the conditions that matter are Ready and those that are not as they should be', () => {
  const conditions = [
    ready,
    condition('DatabaseHealthy', 'True', 'LoginWorks', ''),
    condition('QueueHealthy', 'False', 'Unreachable', ''),
    condition('CredentialsCurrent', 'Unknown', 'SecretUnreadable', ''),
    condition('RotationInProgress', 'False', 'NoRoom', ''),
  ];
  expect(conditionsThatMatter({ conditions }).map(({ type }) => type)).toEqual(['Ready', 'QueueHealthy', 'CredentialsCurrent', 'RotationInProgress']);
  expect(conditionsThatMatter({ conditions: [ready, condition('RotationInProgress', 'False', 'Idle', '')] })).toHaveLength(1);
});

it('events are listed in their order, whichever of their times is set, and only the last five', () => {
  const event = (message: string, times: object) => ({ reason: 'Rotation', message, metadata: { creationTimestamp: '2026-06-01T00:00:09Z' }, ...times });
  const events = parseEvents(JSON.stringify({ items: [
    event('created', {}),
    event('series', { eventTime: '2026-06-01T00:00:01Z', series: { lastObservedTime: '2026-06-01T00:00:08Z' } }),
    ...['5', '4', '3', '2'].map((second) => event(second, { lastTimestamp: null, eventTime: `2026-06-01T00:00:0${second}.000000Z` })),
  ] }));
  expect(summary({}, running, events).events?.map(({ message }) => message)).toEqual(['3', '4', '5', 'series', 'created']);
});

describe('the screen', () => {
  it('answers in this order: is it well, what runs, what is wrong, the credentials, the rotation, what happened', () => {
    const text = renderSummary(summary(
      { conditions: [condition('Ready', 'False', 'Unreachable', 'Postgres does not answer.')], current: current('Rolling', { deadline: '2026-06-01T12:08:00Z', attempt: 2 }) },
      running, [{ at: '2026-06-01T11:59:00Z', type: 'Normal', reason: 'Rotation', message: 'rotation: Rolling' }],
    ), NOW, plain);
    expect(text).toMatchInlineSnapshot(`
"glitchtip in namespace glitchtip: not ready
  Postgres does not answer.

┌──────────┬───────┬─────────────────────┬──────────┐
│ part     │ ready │ memory used / limit │ restarts │
├──────────┼───────┼─────────────────────┼──────────┤
│ operator │ ready │       120Mi / 300Mi │        0 │
├──────────┼───────┼─────────────────────┼──────────┤
│ web      │ ready │       120Mi / 300Mi │        0 │
└──────────┴───────┴─────────────────────┴──────────┘

Ready  False  Unreachable  since 3 d  Postgres does not answer.

┌─────────────────┬────────────┬───────┬────────────────────────────────┐
│ credential      │ generation │ age   │ rotated next                   │
├─────────────────┼────────────┼───────┼────────────────────────────────┤
│ glitchtip-app   │ 2          │ 12 d  │ 2026-08-18 03:00 UTC (in 77 d) │
├─────────────────┼────────────┼───────┼────────────────────────────────┤
│ glitchtip-admin │ 1          │ 151 d │ 2026-08-18 03:00 UTC (in 77 d) │
└─────────────────┴────────────┴───────┴────────────────────────────────┘

rotation 20260601T115000Z-aaaaaa (request: postgres), attempt 2
  Rolling since 2026-06-01 11:58 UTC (2 min ago), undone if not over by 2026-06-01 12:08 UTC (in 8 min)
  busy with Rolling

60 s ago  Rotation  rotation: Rolling"
`);
  });

  it('says that a certificate is for development, and nothing of one that is not', () => {
    const shown = (https: object) => renderSummary(summary({ spec: { https } }), NOW, plain);
    expect(shown({ name: 'errors', selfSigned: true })).toContain('  https is self-signed, for development: SDKs and browsers refuse it');
    expect(shown({ name: 'errors' })).not.toContain('self-signed');
  });

  it('says it when events cannot be read', () => expect(renderSummary(summary(), NOW, plain)).toContain('events cannot be read'));

  it('colours what a person looks for', () => {
    expect(renderSummary(summary(), NOW, (colour, text) => `<${colour}>${text}</${colour}>`)).toContain('<green>ready</green>');
  });
});

describe('the history', () => {
  it('has a row a rotation, with how long it took', () => {
    expect(renderHistory([ended('a', 'Completed'), ended('b', 'Undone')], plain)).toMatchInlineSnapshot(`
"┌──────────────────────┬──────┬─────────┬─────────────┬───────────┬──────────────────────────────────────────────────┐
│ started              │ took │ trigger │ credentials │ result    │ message                                          │
├──────────────────────┼──────┼─────────┼─────────────┼───────────┼──────────────────────────────────────────────────┤
│ 2026-06-01 11:50 UTC │ 95 s │ request │ postgres    │ Completed │ The new values are in use.                       │
├──────────────────────┼──────┼─────────┼─────────────┼───────────┼──────────────────────────────────────────────────┤
│ 2026-06-01 11:50 UTC │ 95 s │ request │ postgres    │ Undone    │ Rolling did not end in time.                     │
└──────────────────────┴──────┴─────────┴─────────────┴───────────┴──────────────────────────────────────────────────┘"
`);
  });
  it('says it when there is none', () => expect(renderHistory([], plain)).toBe('no rotation has ended yet'));
});
