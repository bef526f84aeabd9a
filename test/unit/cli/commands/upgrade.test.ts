// `glitchkeeper upgrade`, with a fake kubectl.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { generateX25519Identity } from 'age-encryption';
import type { UpgradeEnd, UpgradeProgress, UpgradeStatus } from '../../../../operator/api/upgrade-fields.js';
import { releaseOfManifests } from '../../../../cli/upgrade/manifests.js';
import { fakeKubectl, type FakeKubectl } from '../fake-kubectl.js';
import { runCli, type Person } from '../running-command.js';
import { copied, resourceJson, type Scenario } from '../cli-scenarios.js';

const ID = '20260601T115800Z';
let kubectl: FakeKubectl;
let folder: string;
const json = (upgrade?: UpgradeStatus, more: Scenario = {}) => resourceJson({ spec: { backup: { store: 's3' } }, backup: copied(), ...(upgrade ? { upgrade } : {}), ...more });
const progress = (phase: UpgradeProgress['phase'], more: Partial<UpgradeProgress> = {}): UpgradeProgress => ({ id: ID, from: '5.2', to: '6.2', phase, since: '2026-06-01T11:59:00Z', attempt: 1, ...more });
const at = (phase: UpgradeProgress['phase'], more: Partial<UpgradeProgress> = {}) => json({ current: progress(phase, more) });
const ended = (result: UpgradeEnd['result'], why?: string): UpgradeEnd => ({ id: ID, from: '5.2', to: '6.2', at: '2026-06-01T12:01:00Z', result, ...(why === undefined ? {} : { why }) });
const calls = (verb: string) => kubectl.calls().filter((call) => call.startsWith(verb));
/** Never presses Ctrl-C. */
const stays: Person = { until: () => new Promise(() => undefined) };
const run = (args: readonly string[], person: Person = {}) => runCli(['upgrade', ...args], { ...stays, ...person });

function synthesized(version: string): void {
  const resource = `kind: GlitchTip\nspec:\n  version: "${version}"\n`;
  writeFileSync(join(folder, '0002-operator.k8s.yaml'), `kind: Role\n---\nkind: ConfigMap\ndata:\n  glitchtip.yaml: |\n${resource.replace(/^/gm, '    ')}`);
}

beforeEach(() => {
  kubectl = fakeKubectl();
  for (const question of ['annotate', 'create', 'delete', 'apply'] as const) kubectl.prepare(question, '');
  folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-manifests-'));
  synthesized('6.2');
});
afterEach(() => {
  kubectl.remove();
  rmSync(folder, { recursive: true });
});

describe('upgrade VERSION', () => {
  const begin = (...more: string[]) => run(['6.2', '--manifests', folder, '--yes', '--json', ...more]);

  it('asks the operator, applies the manifests once it is ready, and exits with 0 when the next release runs', async () => {
    kubectl.prepare('resource', json(), json(undefined, { upgradeAsked: '6.2' }), at('Waiting'), at('Draining'), at('Ready'), at('Ready'), at('Migrating'), at('Unconfirmed', { copy: '20260601T115900Z' }));
    const { code, json: lines } = await begin();
    expect([code, ...lines.map(({ state }) => state)]).toEqual([0, 'requested', 'queued', 'Waiting', 'Draining', 'Ready', 'Migrating', 'unconfirmed']);
    expect(calls('annotate')).toEqual([expect.stringMatching(/^annotate glitchtips.glitchkeeper.io\/glitchtip glitchkeeper.io\/upgrade=6.2 --namespace glitchtip/)]);
    expect(calls('apply')).toEqual([`apply --filename ${folder}`]);
  }, 30_000);

  it('with --no-apply leaves the manifests to a person', async () => {
    kubectl.prepare('resource', json(), at('Ready'), at('Unconfirmed'));
    expect((await begin('--no-apply')).code).toBe(0);
    expect(calls('apply')).toEqual([]);
  }, 30_000);

  it.each<[string, () => void, string | undefined, RegExp]>([
    ['without the manifests of that release', () => synthesized('5.2'), json(), /expected the manifests of 6\.2 in .*has those of 5\.2/],
    ['without any manifests', () => rmSync(join(folder, '0002-operator.k8s.yaml')), json(), /has none/],
    ['without backups', () => undefined, resourceJson({ spec: {} }), /backup/],
    ['beside another one', () => undefined, at('Draining'), /an upgrade is under way \(20260601T115800Z, Draining\)/],
    ['to what is not next', () => undefined, json(undefined, { spec: { version: '6.2', backup: { store: 's3' } } }), /6\.2 is what version says already/],
  ])('is refused %s, and nothing is asked for', async (_, prepare, resource, why) => {
    prepare();
    kubectl.prepare('resource', resource ?? json());
    const { code, json: [line] } = await begin();
    expect([code, (line?.['error'] as { message: string }).message]).toEqual([1, expect.stringMatching(why)]);
    expect(calls('annotate')).toEqual([]);
  });

  it('says before it asks what was rehearsed, how much room there is, and what the way back is', async () => {
    const rehearsed: Scenario = {
      rehearsal: { last: { version: '6.2', startedAt: '2026-05-31T12:00:00Z', endedAt: '2026-05-31T12:05:00Z', result: 'Passed', migrations: 12, seconds: 90.5, bytesBefore: 524_288_000, bytesAfter: 734_003_200 } },
      health: { figures: { volumes: [{ name: 'postgres-data', usedBytes: 1_073_741_824, capacityBytes: 1_610_612_736 }] } },
    };
    kubectl.prepare('resource', json(undefined, rehearsed));
    const { code, notes } = await run(['6.2', '--manifests', folder], { agrees: false });
    expect(code).toBe(1);
    expect(notes).toMatch(/GlitchTip 5\.2 becomes 6\.2:[^]*rehearsal +passed .*12 migrations in 90\.5 s; 500Mi became 700Mi[^]*room +512Mi are free on the volume of Postgres, and 700Mi are needed while it migrates: too little[^]*the way back[^]*nothing was changed/);
  });

  it('advises a rehearsal where there was none', async () => {
    kubectl.prepare('resource', json());
    expect((await run(['6.2', '--manifests', folder], { agrees: false })).notes).toMatch(/there was none: glitchkeeper rehearse 6\.2 tries the migrations on a copy first/);
  });

  it('shows a line a phase, and what comes next', async () => {
    kubectl.prepare('resource', json(), at('Waiting'), at('Saving'), at('Unconfirmed', { copy: '20260601T115900Z' }));
    const lines: string[] = [];
    const writes = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockImplementation((text) => { lines.push(String(text)); return true; }));
    const { code, printed } = await run(['6.2', '--manifests', folder], { agrees: true }).finally(() => writes.forEach((write) => write.mockRestore()));
    expect(code).toBe(0);
    for (const phase of ['Waiting', 'Draining', 'Saving', 'Proving']) expect(lines.join('')).toContain(`✔ ${phase}`);
    expect(printed).toMatch(/GlitchTip 6\.2 runs, and has stored an event\nlook at it[^]*--import-legacy[^]*--confirm[^]*--undo: copy 20260601T115900Z of 5\.2 is restored/);
  }, 30_000);

  it('goes on when the person leaves, and says so', async () => {
    kubectl.prepare('resource', json(), at('Draining'));
    const { code, json: lines } = await run(['6.2', '--manifests', folder, '--yes', '--json'], { until: async (printed) => { while (!printed.some((line) => line.includes('Draining'))) await new Promise((resolve) => setTimeout(resolve, 20)); } });
    expect([code, lines.at(-1)]).toEqual([2, expect.objectContaining({ state: 'left', message: expect.stringContaining('Draining') })]);
  }, 30_000);
});

describe('a turn of an upgrade', () => {
  it('--confirm ends with 0 when it is confirmed', async () => {
    kubectl.prepare('resource', at('Unconfirmed'), at('Cleaning', { since: '2026-06-01T12:00:30Z' }), json({ last: ended('Confirmed') }));
    const { code, json: lines } = await run(['--confirm', '--yes', '--json']);
    expect([code, ...lines.map(({ state }) => state)]).toEqual([0, 'requested', 'Cleaning', 'ended']);
  }, 30_000);

  it('--undo has the identity first, applies the manifests of before, and says what is left to confirm', async () => {
    synthesized('5.2');
    writeFileSync(join(folder, 'key'), await generateX25519Identity());
    kubectl.prepare('resource', at('Unconfirmed', { copy: '20260601T115900Z' }), at('Undoing', { since: '2026-06-01T12:00:30Z' }), json({ last: ended('Undone') }));
    const { code, json: lines } = await run(['--undo', '--identity-file', join(folder, 'key'), '--manifests', folder, '--yes', '--json']);
    expect([code, ...lines.map(({ state }) => state)]).toEqual([0, 'requested', 'Undoing', 'ended']);
    expect(kubectl.calls().flatMap((call) => /^(delete|create|annotate|apply)/.exec(call)?.[1] ?? [])).toEqual(['delete', 'create', 'annotate', 'apply']);
  }, 30_000);

  it('--undo before anything was migrated needs no manifests', async () => {
    kubectl.prepare('resource', at('Draining'), at('Returning', { since: '2026-06-01T12:00:30Z' }), json({ last: ended('Canceled', 'it was taken back') }));
    const { code } = await run(['--undo', '--manifests', folder, '--yes', '--json']);
    expect([code, calls('apply')]).toEqual([0, []]);
  }, 30_000);

  it('--import-legacy shows how many are left, and ends with what came', async () => {
    kubectl.prepare('logs', '{"imported": 2000, "left": 1000}\n');
    kubectl.prepare('resource', json({ last: ended('Confirmed') }), json({ last: ended('Confirmed'), legacyImport: { id: ID } }), json({ last: ended('Confirmed'), legacyImport: { id: ID, end: { at: '2026-06-01T12:02:00Z', result: 'Imported', imported: 3000, left: 0 } } }));
    const { code, json: lines } = await run(['--import-legacy', '--yes', '--json']);
    expect([code, ...lines.map(({ state }) => state)]).toEqual([0, 'requested', 'Importing', 'imported']);
    expect(lines[1]).toMatchObject({ message: '2000 are here, 1000 are left in the archive' });
  }, 30_000);

  it.each<[string, readonly string[], string, RegExp]>([
    ['several at once', ['6.2', '--undo'], json(), /found several/],
    ['an identity without --undo', ['6.2', '--identity-file', 'key'], json(), /expected it with --undo/],
    ['to confirm what is not done', ['--confirm'], at('Migrating'), /there is nothing to confirm yet: the upgrade is Migrating/],
    ['to undo what is not there', ['--undo'], json(), /there is no upgrade to undo/],
    ['to follow what is not there', ['--follow'], json(), /no upgrade is under way/],
  ])('is refused: %s', async (_, args, resource, why) => {
    kubectl.prepare('resource', resource);
    const { json: [line] } = await run([...args, '--yes', '--json']);
    expect((line?.['error'] as { message: string }).message).toMatch(why);
    expect(calls('annotate')).toEqual([]);
  });

  it('ends with 1 and the words of the operator when that refuses it', async () => {
    kubectl.prepare('resource', at('Unconfirmed'), json({ current: progress('Unconfirmed'), refused: { request: 'confirm', at: '2026-06-01T12:00:00Z', why: 'No.' } }));
    const { code, json: lines } = await run(['--confirm', '--yes', '--json']);
    expect([code, lines.at(-1)]).toEqual([1, expect.objectContaining({ state: 'refused', message: 'No.' })]);
  }, 30_000);
});

describe('upgrade', () => {
  it.each<[string, UpgradeStatus | undefined, number, RegExp]>([
    ['that there was none', undefined, 0, /there was no upgrade here/],
    ['how far one is', { current: progress('Migrating', { waitsFor: 'Migrating: Job migrate-1 migrates.' }) }, 2, /under way +20260601T115800Z: from 5\.2 to 6\.2[^]*Migrating +since .*Job migrate-1 migrates/],
    ['what a person says next', { current: progress('Unconfirmed') }, 2, /next +glitchkeeper upgrade --confirm, or glitchkeeper upgrade --undo/],
    ['that the last one failed', { last: ended('Failed', 'Saving: store: StoreRefused') }, 1, /last +Upgrade .* failed before anything was migrated.*StoreRefused/],
    ['what became of old events', { last: ended('Confirmed'), legacyImport: { id: ID, end: { at: '2026-06-01T12:02:00Z', result: 'Imported', imported: 3000, left: 2 } } }, 0, /old events +Import .*3000 events.*2 rows are left/],
  ])('says %s', async (_, upgrade, code, text) => {
    kubectl.prepare('resource', json(upgrade));
    const ran = await run([]);
    expect([ran.code, ran.printed]).toEqual([code, expect.stringMatching(text)]);
  });
});

it('reads from the manifests which release they are of', () => expect(releaseOfManifests(folder)).toBe('6.2'));
