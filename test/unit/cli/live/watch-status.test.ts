// `status --watch` as a person runs it: on a terminal, and into a file.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { renderView } from '../../../../cli/commands/watch-status.js';
import { changeOf, describeChange } from '../../../../cli/live/status-line.js';
import type { View } from '../../../../cli/live/poll.js';
import { plain } from '../../../../cli/output.js';
import { buildSummary, type Summary } from '../../../../cli/report/status-summary.js';
import { fakeKubectl, type FakeKubectl } from '../fake-kubectl.js';
import { OUTAGE, WELL } from '../health-scenarios.js';
import { runCli } from '../running-command.js';
import { NOW, copied, current, resource, resourceJson, type Scenario } from '../cli-scenarios.js';

const view = (scenario: Scenario, trouble?: string, ready = true): View<Summary> => ({
  value: buildSummary(resource(scenario), { parts: [{ part: 'operator', pod: 'operator-0', ready: true, state: 'ready', restarts: 0 }, { part: 'web', pod: 'web-0', ready, state: 'starting', restarts: 0 }] }),
  seenAt: new Date(NOW.getTime() - 40_000), trouble,
});
const line = (...args: Parameters<typeof view>): string => describeChange(changeOf(view(...args)));

describe('a line a change', () => {
  it.each<[string, string, string]>([
    ['all is well', line({ health: WELL }), 'ready: Everything is as it should be.'],
    ['incidents', line({ health: OUTAGE }), 'not ready: The worker\'s pod is alive and has taken nothing from the queue for 270 s; 9120 tasks wait.; incidents: QueueFilling (valkey), WorkerStuck (worker)'],
    ['a part', line({}, undefined, false), 'ready: Everything is as it should be.; not ready: web'],
    ['a rotation', line({ current: current('Rolling') }), 'ready: Everything is as it should be.; rotation: Rolling'],
    ['a backup', line({ spec: { backup: { store: 's3' } }, backup: copied({ current: { copy: '20260601T115900Z', trigger: 'request', startedAt: '2026-06-01T11:59:00Z' } }) }), 'ready: Everything is as it should be.; backup: 20260601T115900Z'],
    ['silence, whatever its words', line({}, 'dial tcp 10.0.0.1:6443: i/o timeout'), 'not answering: the cluster does not answer'],
  ])('%s', (_, said, expected) => expect(said).toBe(expected));

  it('figures that move are no change', () => {
    const other = { ...WELL, figures: { ...WELL.figures, queueDepth: 999 }, checkedAt: '2026-06-01T12:00:00Z' };
    expect(line({ health: other })).toBe(line({ health: WELL }));
  });
});

it('the live screen says first how old it is, and why it is not new', () => {
  const shown = (trouble?: string): string => renderView(view({ health: WELL }, trouble), { now: NOW, every: 5, paint: plain }).split('\n')[0] ?? '';
  expect([shown(), shown('the cluster does not answer: timeout')]).toEqual(['40 s old, asked every 5 s; Ctrl-C ends it', 'what follows is 40 s old: the cluster does not answer: timeout']);
});

describe('status --watch', () => {
  let kubectl: FakeKubectl;
  beforeEach(() => {
    kubectl = fakeKubectl();
    kubectl.prepare('pods', JSON.stringify({ items: [] }));
    kubectl.prepare('metrics', { error: 'error: no metrics' });
    kubectl.prepare('events', JSON.stringify({ items: [] }));
  });
  afterEach(() => kubectl.remove());

  const untilPrinted = (lines: number) => async (printed: readonly string[]): Promise<void> => {
    while (printed.length < lines) await new Promise((resolve) => setTimeout(resolve, 50));
  };

  it('prints a line a change into a pipe, through times in which the API server is away', async () => {
    kubectl.prepare('resource', resourceJson(), { error: 'Unable to connect to the server: EOF' }, resourceJson({ health: OUTAGE }));
    const { code, json } = await runCli(['status', '--watch', '--every', '1', '--json'], { until: untilPrinted(3) });
    expect(json.map(({ verdict, incidents }) => [verdict, incidents])).toEqual([['unknown', []], ['not answering', []], ['unknown', ['QueueFilling (valkey)', 'WorkerStuck (worker)']]]);
    expect(code).toBe(2);
  }, 30_000);

  it('is refused an interval that is none', async () => expect(await runCli(['status', '--watch', '--every', '0'])).toMatchObject({ code: 2, notes: expect.stringContaining('--every') }));
});
