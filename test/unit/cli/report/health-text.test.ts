// What `status` says of health: incidents first, figures with bars, and nothing where the operator is too old to know.
import { describe, expect, it } from '@jest/globals';
import type { HealthStatus } from '../../../../operator/api/health-fields.js';
import { bar, percent, share, size } from '../../../../cli/report/bars.js';
import { channelLines, figureLines, incidentLines, repairLines } from '../../../../cli/report/health-text.js';
import { renderLive, renderSummary } from '../../../../cli/report/status-text.js';
import { EXIT_CODES, buildSummary, type Summary } from '../../../../cli/report/status-summary.js';
import { plain } from '../../../../cli/output.js';
import { OUTAGE, WELL } from '../health-scenarios.js';
import { NOW, resource } from '../cli-scenarios.js';

const summary = (health?: HealthStatus): Summary => buildSummary(resource({ health }), { parts: [{ part: 'operator', pod: 'operator-0', ready: true, state: 'ready', restarts: 0 }], events: [] });
const marked = (colour: string, text: string): string => `<${colour}>${text}</>`;

describe('the verdict with health', () => {
  it.each<[string, HealthStatus | undefined, Summary['verdict']]>([
    ['is ready while there is no incident', WELL, 'ready'],
    ['is ready with a warning', { incidents: OUTAGE.incidents?.filter(({ severity }) => severity === 'warning') }, 'ready'],
    ['is not ready with a critical incident, although Ready is True', OUTAGE, 'not ready'],
    ['is as before where nobody checks health', undefined, 'ready'],
  ])('%s', (_, health, verdict) => expect(summary(health).verdict).toBe(verdict));

  it('says the worst incident, and exits with 1', () => {
    const { why, verdict } = summary(OUTAGE);
    expect([why, EXIT_CODES[verdict]]).toEqual([expect.stringContaining('has taken nothing from the queue'), 1]);
  });
});

it('the screen of an outage', () => expect(renderSummary(summary(OUTAGE), NOW, plain)).toMatchInlineSnapshot(`
"glitchtip in namespace glitchtip: not ready
  The worker's pod is alive and has taken nothing from the queue for 270 s; 9120 tasks wait.

✗ WorkerStuck (worker), for 4 min
  The worker's pod is alive and has taken nothing from the queue for 270 s; 9120 tasks wait.
  because of it: events are not stored
  to do: kubectl --namespace glitchtip rollout restart deployment/worker
  repair: the worker is being restarted (attempt 1 of 3)
! QueueFilling (valkey), for 2 min
  The queue takes 27Mi of 30Mi; at this pace events are refused in 9 minutes.
  to do: Find out why the worker does not keep up: docs/runbooks/queue-full.md.

┌──────────┬───────┬─────────────────────┬──────────┐
│ part     │ ready │ memory used / limit │ restarts │
├──────────┼───────┼─────────────────────┼──────────┤
│ operator │ ready │               - / - │        0 │
└──────────┴───────┴─────────────────────┴──────────┘

memory    web                  ████████░░░░  188Mi of 300Mi (63 %)
          worker               ████████░░░░  171Mi of 250Mi (68 %)
          postgres             ████████░░░░  96Mi of 150Mi (64 %)
          valkey               ███░░░░░░░░░  14Mi of 50Mi (28 %)
          operator             ███████░░░░░  55Mi of 96Mi (57 %)
queue     Valkey memory        ███████████░  27Mi of 30Mi (90 %)
          waiting                            9120 tasks, the oldest for 4 min
database  connections          ████░░░░░░░░  14 of 40 (35 %)
          partitions for                     6.5 days
          size                               812Mi
          longest transaction                0 s
disk      postgres-data        ██░░░░░░░░░░  1.4Gi of 8.0Gi (18 %)

Ready  True  AllWell  since 3 d  Everything is as it should be.

┌─────────────────┬────────────┬───────┬────────────────────────────────┐
│ credential      │ generation │ age   │ rotated next                   │
├─────────────────┼────────────┼───────┼────────────────────────────────┤
│ glitchtip-app   │ 2          │ 12 d  │ 2026-08-18 03:00 UTC (in 77 d) │
├─────────────────┼────────────┼───────┼────────────────────────────────┤
│ glitchtip-admin │ 1          │ 151 d │ 2026-08-18 03:00 UTC (in 77 d) │
└─────────────────┴────────────┴───────┴────────────────────────────────┘

repaired by the operator:
  80 s ago  restart-worker  WorkerStuck        Deployment worker was restarted.
  3 d ago   migrate         MigrationsPending  The migrate Job was run again.

alerts  telegram   fails: answered 429: try again in 30 s (sent 3 min ago, 1 waiting)
alerts  heartbeat  sent 5 min ago"
`));

it('the live screen has what changes, and no table', () => {
  const text = renderLive(summary(OUTAGE), NOW, plain);
  for (const part of ['✗ WorkerStuck', 'Valkey memory', '✓  operator', 'repaired by the operator', 'telegram']) expect(text).toContain(part);
  expect(text).not.toMatch(/│|glitchtip-app/);
});

it.each([renderSummary, renderLive])('an operator of before the health checks: nothing is said of health', (render) => {
  expect(render(summary(), NOW, plain)).not.toMatch(/incident|health|memory {2}/);
  expect(JSON.parse(JSON.stringify(summary()))).not.toHaveProperty('health');
});

describe('incidents', () => {
  it('the critical one comes first', () => expect(incidentLines(OUTAGE, NOW, plain).filter((line) => /^[✗!]/.test(line))).toEqual([
    '✗ WorkerStuck (worker), for 4 min', '! QueueFilling (valkey), for 2 min',
  ]));
  it.each<[string, HealthStatus, string]>([
    ['none, and when that was seen', { checkedAt: '2026-06-01T11:58:00Z' }, '✓ no incident, checked 2 min ago'],
    ['none, long ago', { checkedAt: '2026-06-01T11:00:00Z' }, 'no incident, but health was checked last 60 min ago'],
    ['not known yet', {}, 'health was not checked yet'],
  ])('%s', (_, health, expected) => expect(incidentLines(health, NOW, plain)).toEqual([expected]));
});

describe('figures', () => {
  it.each<[string, HealthStatus, string[]]>([
    ['nothing measured', {}, []],
    ['an empty queue has no oldest task', { figures: { queueDepth: 0, oldestTaskSeconds: 5 } }, ['queue  waiting     0 tasks']],
    ['one task', { figures: { queueDepth: 1, oldestTaskSeconds: 5 } }, ['queue  waiting     1 task, the oldest for 5 s']],
    ['memory without a limit has no bar', { figures: { parts: [{ name: 'web', ready: true, restarts: 0, memoryBytes: 2 ** 20 }] } }, ['memory  web     1Mi']],
    ['a certificate', { figures: { certificateDays: 12.9 } }, ['certificate  ends in     12 days']],
  ])('%s', (_, health, expected) => expect(figureLines(health, plain)).toEqual(expected));

  it('of the gateway: how full its spool is, the age of the oldest, what is set aside', () => {
    const lines = (figures: HealthStatus['figures']) => figureLines({ figures }, plain).map((line) => line.replace(/\s+/g, ' ').trim());
    expect(lines({ spoolBytes: 2 ** 28, spoolMaxBytes: 2 ** 30, spoolOldestSeconds: 125, setAside: 2 })).toEqual(['gateway spool ███░░░░░░░░░ 256Mi of 1.0Gi (25 %)', 'oldest 2 min', 'set aside 2: glitchkeeper spool list --state set-aside']);
    expect(lines({ spoolBytes: 0, spoolMaxBytes: 2 ** 30, spoolOldestSeconds: 0, setAside: 0 })).toEqual(['gateway spool ░░░░░░░░░░░░ 0 of 1.0Gi (0 %)', 'set aside 0']);
  });
});

describe('a bar', () => {
  it.each<[number, string]>([
    [0, '<green></><dim>░░░░░░░░░░░░</>'], [0.001, '<green>█</><dim>░░░░░░░░░░░</>'], [0.5, '<green>██████</><dim>░░░░░░</>'],
    [0.75, '<yellow>█████████</><dim>░░░</>'], [0.9, '<red>███████████</><dim>░</>'], [1.3, '<red>████████████</><dim></>'],
  ])('of %s', (part, expected) => expect(bar(part, marked)).toBe(expected));
  it.each([[1, 0], [undefined, 5], [5, undefined]])('there is none of %s in %s', (used, most) => expect(share(used, most)).toBeUndefined());
  it('has its figures as a person reads them', () => expect([size(900), size(2048), size(188 * 2 ** 20), size(1.44 * 2 ** 30), size(12 * 2 ** 30), percent(0.627)]).toEqual(['900', '2Ki', '188Mi', '1.4Gi', '12Gi', '63 %']));
});

it('the latest three repairs are shown', () => {
  const repairs = ['5', '4', '3', '2'].map((minute) => ({ at: `2026-06-01T11:5${minute}:00Z`, healing: 'migrate' as const, reason: 'MigrationsPending', message: minute }));
  expect(repairLines({ repairs }, NOW)).toEqual(['repaired by the operator:', '  5 min ago  migrate  MigrationsPending  5', '  6 min ago  migrate  MigrationsPending  4', '  7 min ago  migrate  MigrationsPending  3']);
  expect(repairLines({}, NOW)).toEqual([]);
});

it.each<[string, NonNullable<HealthStatus['channels']>[number], string]>([
  ['used', { name: 'telegram', lastSentAt: '2026-06-01T11:50:00Z', waiting: 0 }, 'alerts  telegram  sent 10 min ago'],
  ['never used', { name: 'webhook', waiting: 0 }, 'alerts  webhook  nothing sent yet'],
  ['failing', { name: 'webhook', waiting: 2, error: 'answered 500' }, 'alerts  webhook  fails: answered 500 (nothing sent yet, 2 waiting)'],
])('a channel that is %s', (_, channel, expected) => expect(channelLines({ channels: [channel] }, NOW, plain)).toEqual([expected]));
