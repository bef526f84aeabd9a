// `glitchkeeper rehearse`, with a fake kubectl.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateX25519Identity } from 'age-encryption';
import type { RehearsalEnd, RehearsalStatus } from '../../../../operator/api/rehearsal-fields.js';
import { fakeKubectl, type FakeKubectl } from '../fake-kubectl.js';
import { runCli } from '../running-command.js';
import { resourceJson } from '../cli-scenarios.js';

let kubectl: FakeKubectl;
const spec = { backup: { store: 's3' } };
const resource = (rehearsal: RehearsalStatus = {}, rehearsalAsked?: string) => resourceJson({ spec, rehearsal, ...(rehearsalAsked === undefined ? {} : { rehearsalAsked }) });
const OF_BEFORE: RehearsalEnd = { version: '6.2', startedAt: '2026-05-01T11:00:00Z', endedAt: '2026-05-01T11:04:00Z', result: 'Failed', step: 'migrate', reason: 'MigrationFailed', exitCode: 1, detail: 'users.0002: IntegrityError' };
const current = { version: '6.2', trigger: 'request', startedAt: '2026-06-01T11:59:00Z' } as const;
const PASSED: RehearsalEnd = {
  version: '6.2', copy: '20260601T023000Z', startedAt: current.startedAt, endedAt: '2026-06-01T12:04:00Z', result: 'Passed', migrations: 12, seconds: 90.5, slowest: { migration: 'issue_events.0007_uuid', seconds: 60.1 },
  peakMemory: 134_217_728, bytesBefore: 524_288_000, bytesAfter: 734_003_200, locks: [{ table: 'issue_events_issue', mode: 'ACCESS EXCLUSIVE', seconds: 60.2 }, { table: 'users_user', mode: 'SHARE', seconds: 0.4 }],
};
const ended = { terminated: { exitCode: 0 } };
const pod = (init: number, migrate: object = { waiting: { reason: 'PodInitializing' } }) => JSON.stringify({ items: [{ status: {
  initContainerStatuses: ['image', 'fetch', 'dump', 'restore'].map((name, place) => ({ name, state: place < init ? ended : place === init ? { running: {} } : {} })),
  containerStatuses: [{ name: 'migrate', state: migrate }, { name: 'server', state: migrate }],
} }] });
const annotations = (): string[] => kubectl.calls().filter((call) => call.startsWith('annotate'));

beforeEach(() => {
  kubectl = fakeKubectl();
  kubectl.prepare('annotate', '');
  kubectl.prepare('pods', pod(1), pod(3), pod(4, { running: {} }));
});
afterEach(() => kubectl.remove());

describe('rehearse VERSION', () => {
  it('sets the annotation, follows the steps as JSON, and exits with 0 when the migrations ran', async () => {
    kubectl.prepare('resource', resource({ last: OF_BEFORE }), resource({ last: OF_BEFORE }, '6.2'), resource({ current, last: OF_BEFORE }), resource({ current }), resource({ current }), resource({ last: PASSED }));
    const { code, json } = await runCli(['rehearse', '6.2.6', '--json']);
    expect([code, ...json.map(({ state }) => state)]).toEqual([0, 'requested', 'waiting', 'fetch', 'restore', 'migrate', 'ended']);
    expect(json.at(-1)).toMatchObject({ run: { version: '6.2', seconds: 90.5 } });
    expect(annotations()).toEqual([expect.stringMatching(/^annotate glitchtips.glitchkeeper.io\/glitchtip glitchkeeper.io\/rehearse=6.2 /)]);
    expect(kubectl.calls()).toContainEqual(expect.stringContaining('get pods --selector batch.kubernetes.io/job-name=rehearsal-6-2-20260601t115900z'));
  }, 30_000);

  it('ends with what it took, and who would have waited', async () => {
    kubectl.prepare('resource', resource(), resource({ current }), resource({ last: PASSED }));
    const { code, printed } = await runCli(['rehearse', '6.2']);
    expect(code).toBe(0);
    expect(printed).toMatch(/rehearsal +6\.2 on copy 20260601T023000Z: passed[^]*time +12 migrations in 90\.5 s; the longest is issue_events\.0007_uuid with 60\.1 s[^]*memory +128Mi at most[^]*database +500Mi before, 700Mi afterwards/);
    expect(printed).toMatch(/│ issue_events_issue │ ACCESS EXCLUSIVE │ 60\.2 +│ whoever reads or writes │[^]*│ users_user +│ SHARE +│ 0\.4 +│ whoever writes +│/);
  }, 30_000);

  it('exits with 1 when it failed, with what to do', async () => {
    const failed = { ...OF_BEFORE, startedAt: current.startedAt };
    kubectl.prepare('resource', resource(), resource({ current }), resource({ last: failed }));
    const { code, printed } = await runCli(['rehearse', '6.2']);
    expect([code, printed]).toEqual([1, expect.stringMatching(/failed in step migrate: MigrationFailed, exit code 1 \(users\.0002: IntegrityError\)[^]*to do +The detail names the migration/)]);
  }, 30_000);

  it.each<[string, RehearsalStatus, string | undefined]>([['that is under way', { current }, undefined], ['that is asked for', {}, '6.2']])('follows the one %s, and asks for none', async (_, status, asked) => {
    kubectl.prepare('resource', resource(status, asked), resource({ current }), resource({ last: PASSED }));
    expect(await runCli(['rehearse', '6.2', '--json'])).toMatchObject({ code: 0, json: [{ state: 'followed' }, {}, { state: 'ended' }] });
    expect(annotations()).toEqual([]);
  }, 30_000);

  it('exits with 1 when the operator refuses it, and with 2 when it has not ended in time', async () => {
    kubectl.prepare('resource', resource(), resource({ refused: { request: '6.2', at: '2026-06-01T11:59:00Z', why: 'no' } }));
    expect(await runCli(['rehearse', '6.2', '--json'])).toMatchObject({ code: 1, json: [{}, { state: 'refused', message: 'no' }] });
    kubectl.prepare('resource', resource(), resource({}, '6.2'));
    expect(await runCli(['rehearse', '6.2', '--timeout', '1', '--json'])).toMatchObject({ code: 2 });
  }, 30_000);

  it.each([
    ['a release that is not the next', '7.0', resource(), 'expected 5.2, which runs here, or 6.2, the next one, found "7.0"'],
    ['another one than is under way', '5.2', resource({ current }), 'a rehearsal of 6.2 is under way'],
    ['where no copies are made', '6.2', resourceJson(), 'set backup.store in settings.yaml'],
    ['while the operator may change nothing', '6.2', resourceJson({ spec: { ...spec, suspend: true } }), 'spec.suspend is true'],
  ])('refuses %s, exits with 1 and asks for nothing', async (_, version, seen, message) => {
    kubectl.prepare('resource', seen);
    expect(await runCli(['rehearse', version])).toMatchObject({ code: 1, notes: expect.stringContaining(message) });
    expect(annotations()).toEqual([]);
  });

  it('puts the identity into the Secret before it asks, and into no argument', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-rehearse-'));
    const identity = await generateX25519Identity();
    await writeFile(join(folder, 'key'), identity);
    kubectl.prepare('create', '');
    kubectl.prepare('delete', '');
    kubectl.prepare('resource', resource(), resource({ current }), resource({ last: PASSED }));
    expect(await runCli(['rehearse', '6.2', '--identity-file', join(folder, 'key'), '--json'])).toMatchObject({ code: 0 });
    const calls = kubectl.calls();
    expect(calls.findIndex((call) => call.startsWith('create'))).toBeLessThan(calls.findIndex((call) => call.startsWith('annotate')));
    expect(calls.join('\n')).not.toContain(identity);
    await rm(folder, { recursive: true });
  }, 30_000);
});

describe('rehearse', () => {
  it.each<[string, RehearsalStatus, number, string]>([
    ['says that there never was one', {}, 0, 'nothing was ever rehearsed here'],
    ['shows the last one', { last: PASSED }, 0, '6.2 on copy 20260601T023000Z'],
    ['shows one that failed', { last: OF_BEFORE }, 1, 'MigrationFailed'],
    ['shows the one that is under way', { current, last: OF_BEFORE }, 2, 'under way'],
    ["shows the month's check", { check: { ...PASSED, version: '5.2' } }, 0, 'GlitchTip 5.2 finds nothing to migrate in copy 20260601T023000Z'],
  ])('%s', async (_, status, code, text) => {
    kubectl.prepare('resource', resource(status));
    expect(await runCli(['rehearse'])).toMatchObject({ code, printed: expect.stringContaining(text) });
  });
});
