// `glitchkeeper backup now` and `glitchkeeper backups`, with a fake kubectl.
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fakeKubectl, type FakeKubectl } from '../fake-kubectl.js';
import { runCli } from '../running-command.js';
import { condition, copied, lastFailure, ready, resourceJson } from '../cli-scenarios.js';

let kubectl: FakeKubectl;
const spec = { backup: { store: 's3' } };
const OURS = '20260601T115900Z';
const copies = [{ name: OURS, bytes: 44_000_000, damaged: false }];
const now = { copy: OURS, trigger: 'request', startedAt: '2026-06-01T11:59:00Z' } as const;
const before = resourceJson({ spec, backup: copied() });
const queued = resourceJson({ spec, backup: copied(), backupAsked: '2026-06-01T11:58:59Z' });
const running = resourceJson({ spec, backup: copied({ current: now }) });
const good = resourceJson({ spec, backup: copied({ copies, lastVerified: { copy: OURS, at: '2026-06-01T12:03:00Z', bytes: 44_000_000, seconds: 236, how: 'counts', where: 's3' } }) });
const bad = resourceJson({ spec, backup: copied({ lastFailure: lastFailure({ copy: OURS }), failures: 1 }) });
const pod = (...containers: [name: string, state: object][]) => JSON.stringify({ items: [{ status: {
  initContainerStatuses: containers.slice(0, 2).map(([name, state]) => ({ name, state })), containerStatuses: containers.slice(2).map(([name, state]) => ({ name, state })),
} }] });
const ended = { terminated: { exitCode: 0 } };
const pods = [pod(['dump', { running: {} }]), pod(['dump', ended], ['restore', { running: {} }]), pod(['dump', ended], ['restore', ended], ['store', { running: {} }])];
const annotations = (): string[] => kubectl.calls().filter((call) => call.startsWith('annotate'));

beforeEach(() => {
  kubectl = fakeKubectl();
  kubectl.prepare('annotate', '');
  kubectl.prepare('pods', ...pods);
});
afterEach(() => kubectl.remove());

describe('backup now', () => {
  it('sets the annotation, follows the steps as JSON, and exits with 0 when it was verified', async () => {
    kubectl.prepare('resource', before, queued, running, running, running, good);
    const { code, json } = await runCli(['backup', 'now', '--json']);
    expect([code, ...json.map(({ state }) => state)]).toEqual([0, 'requested', 'waiting', 'dump', 'restore', 'store', 'verified']);
    expect(json.at(-1)).toMatchObject({ run: { copy: OURS, how: 'counts', where: 's3' } });
    expect(annotations()).toEqual([expect.stringMatching(/^annotate glitchtips.glitchkeeper.io\/glitchtip glitchkeeper.io\/backup=20\S+Z --namespace glitchtip/)]);
    expect(kubectl.calls()).toContainEqual(expect.stringContaining('get pods --selector batch.kubernetes.io/job-name=backup-20260601t115900z'));
  }, 30_000);

  it('shows a line a step, and ends with the table', async () => {
    kubectl.prepare('resource', before, running, running, running, good);
    const lines: string[] = [];
    const writes = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockImplementation((text) => { lines.push(String(text)); return true; }));
    const { code, printed } = await runCli(['backup', 'now']).finally(() => writes.forEach((write) => write.mockRestore()));
    expect(code).toBe(0);
    for (const line of ['✔ waiting', '✔ dump', '✔ restore', '✔ store']) expect(lines.join('')).toContain(line);
    expect(printed).toMatch(/was restored, and the rows of each table are as dumped: 42Mi, stored in the bucket[^]*│ 20260601T115900Z │/);
  }, 30_000);

  it('exits with 1 when it failed, saying where and what to do', async () => {
    kubectl.prepare('resource', before, running, running, bad);
    const { code, json } = await runCli(['backup', 'now', '--json']);
    expect([code, json.at(-1)]).toEqual([1, expect.objectContaining({ state: 'failed', run: expect.objectContaining({ step: 'restore', reason: 'StepFailed' }) })]);
  }, 30_000);

  it('follows the one that runs already, and asks for none', async () => {
    kubectl.prepare('resource', running, running, good);
    expect(await runCli(['backup', 'now', '--json'])).toMatchObject({ code: 0, json: [{ state: 'followed', note: expect.stringContaining('runs already') }, {}, { state: 'verified' }] });
    expect(annotations()).toEqual([]);
  }, 30_000);

  it('goes on where the pods may not be seen', async () => {
    kubectl.prepare('pods', { error: 'Error from server (Forbidden): no' });
    kubectl.prepare('resource', running, running, good);
    expect(await runCli(['backup', 'now', '--json'])).toMatchObject({ code: 0 });
  }, 30_000);

  it('exits with 2 when it has not ended in time', async () => {
    kubectl.prepare('resource', before, running);
    const { code, json } = await runCli(['backup', 'now', '--timeout', '1', '--json']);
    expect([code, json.at(-1)?.['state']]).toEqual([2, 'timed out']);
  }, 30_000);

  it.each([
    ['where none are made', resourceJson(), 'set backup.store in settings.yaml'],
    ['while the operator may change nothing', resourceJson({ spec: { ...spec, suspend: true } }), 'spec.suspend is true'],
  ])('refuses %s, exits with 1 and asks for nothing', async (_, resource, message) => {
    kubectl.prepare('resource', resource);
    expect(await runCli(['backup', 'now'])).toMatchObject({ code: 1, notes: expect.stringContaining(message) });
    expect(annotations()).toEqual([]);
  });

  it('says when somebody else was first', async () => {
    kubectl.prepare('resource', before);
    kubectl.prepare('annotate', { error: "error: --overwrite is false but found the following declared annotation(s): 'glitchkeeper.io/backup' already has a value (x)" });
    expect(await runCli(['backup', 'now'])).toMatchObject({ code: 1, notes: expect.stringContaining('somebody else was first') });
  });
});

describe('backups', () => {
  it.each<[string, number, Parameters<typeof condition>[] | []]>([
    ['0 when the newest is known to restore', 0, [['BackupVerified', 'True', 'Restored', 'Good.']]],
    ['1 when it is too old, or the last run failed', 1, [['BackupVerified', 'False', 'TooOld', 'Old.']]],
    ['2 while the operator has not said so', 2, []],
  ])('exits with %s', async (_, code, conditions) => {
    kubectl.prepare('resource', resourceJson({ spec, backup: copied(), conditions: [ready, ...conditions.map((each) => condition(...each))] }));
    expect(await runCli(['backups'])).toMatchObject({ code, printed: expect.stringContaining('│ 20260601T023000Z │') });
  });

  it('is one JSON object for a program', async () => {
    kubectl.prepare('resource', resourceJson({ spec, backup: copied() }));
    const { json } = await runCli(['backups', '--json']);
    expect(json).toEqual([expect.objectContaining({ name: 'glitchtip', onSchedule: true, nextAt: '2026-06-02T02:30:00Z', copies: [expect.objectContaining({ verified: 'content' }), expect.anything()] })]);
  });

  it('says that none are made', async () => {
    kubectl.prepare('resource', resourceJson());
    expect(await runCli(['backups'])).toMatchObject({ code: 1, notes: expect.stringContaining('makes no backups') });
  });
});
