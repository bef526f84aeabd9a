// `glitchkeeper restore`, with a fake kubectl.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { generateX25519Identity } from 'age-encryption';
import { readIdentity } from '../../../../cli/restore/identity.js';
import { fakeKubectl, type FakeKubectl } from '../fake-kubectl.js';
import { runCli, type Person } from '../running-command.js';
import { COPY, RESTORE, copied, resourceJson, restoring, type Scenario } from '../cli-scenarios.js';

let kubectl: FakeKubectl;
let folder: string;
let identity: string;
const file = () => join(folder, 'key');
const json = (more: Scenario = {}) => resourceJson({ spec: { backup: { store: 's3' } }, backup: copied(), ...more });
const at = (...[phase, more]: Parameters<typeof restoring>) => json({ restore: { current: restoring(phase, more) } });
const failed = json({ restore: { last: { id: RESTORE, at: '2026-06-01T12:01:00Z', result: 'Failed', why: 'Checking: fetch: IdentityWrong' } } });
const calls = (verb: string) => kubectl.calls().filter((call) => call.startsWith(verb));
/** Never presses Ctrl-C. */
const stays: Person = { until: () => new Promise(() => undefined) };
const run = (args: readonly string[], person: Person = {}) => runCli(['restore', ...args], { ...stays, ...person });

beforeEach(async () => {
  kubectl = fakeKubectl();
  for (const question of ['annotate', 'create', 'delete'] as const) kubectl.prepare(question, '');
  folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-identity-'));
  identity = await generateX25519Identity();
  writeFileSync(file(), `# created: 2026-06-01\n# public key: age1...\n${identity}\n`);
});
afterEach(() => {
  kubectl.remove();
  rmSync(folder, { recursive: true });
});

describe('restore latest', () => {
  const args = ['latest', '--identity-file', '', '--yes', '--json'];
  const begin = (person?: Person) => run(args.map((arg) => (arg === '' ? file() : arg)), person);

  it('makes the Secret, sets the annotation, follows the phases, and exits with 0 when it is live', async () => {
    kubectl.prepare('resource', json(), json({ restoreAsked: 'latest' }), at('Checking'), at('Restoring'), at('Proving'), at('Unconfirmed'));
    const { code, json: lines } = await begin();
    expect([code, ...lines.map(({ state }) => state)]).toEqual([0, 'requested', 'queued', 'Checking', 'Restoring', 'Proving', 'unconfirmed']);
    expect(kubectl.calls().flatMap((call) => /^(delete|create|annotate)/.exec(call)?.[1] ?? [])).toEqual(['delete', 'create', 'annotate']);
    expect(calls('annotate')).toEqual([expect.stringMatching(/^annotate glitchtips.glitchkeeper.io\/glitchtip glitchkeeper.io\/restore=latest --namespace glitchtip/)]);
  }, 30_000);

  it('has the identity on the standard input of kubectl, and nowhere else', async () => {
    kubectl.prepare('resource', json(), at('Checking'), failed);
    const { printed, notes } = await begin();
    const secret = JSON.parse(kubectl.created()) as { metadata: object; type: string; data: Record<string, string> };
    expect(secret).toMatchObject({ kind: 'Secret', type: 'Opaque', metadata: { name: 'glitchtip-restore', namespace: 'glitchtip' } });
    expect(Buffer.from(secret.data['identity'] ?? '', 'base64').toString()).toBe(`${identity}\n`);
    for (const text of [printed, notes, ...kubectl.calls()]) expect(text).not.toContain(identity.slice(20));
  }, 30_000);

  it('takes the identity back when somebody else was first', async () => {
    kubectl.prepare('resource', json());
    kubectl.prepare('annotate', { error: "error: --overwrite is false but found the following declared annotation(s): 'glitchkeeper.io/restore' already has a value (latest)" });
    expect((await begin()).code).toBe(1);
    expect(calls('delete')).toHaveLength(2);
  });

  it.each<[string, number, string]>([['1 when it failed', 1, failed], ['1 when the operator refuses it', 1, json({ restore: { refused: { request: 'latest', at: '2026-06-01T12:00:00Z', why: 'No.' } } })], ['2 when nothing is known of it', 2, json()]])('exits with %s', async (_, code, last) => {
    kubectl.prepare('resource', json(), last);
    expect((await begin()).code).toBe(code);
  }, 30_000);

  it('goes on when the person leaves, and says so', async () => {
    kubectl.prepare('resource', json(), at('Restoring'));
    const { code, json: lines } = await begin({ until: async (printed) => { while (!printed.some((line) => line.includes('Restoring'))) await new Promise((resolve) => setTimeout(resolve, 20)); } });
    expect([code, lines.at(-1)]).toEqual([2, expect.objectContaining({ state: 'left', message: expect.stringContaining('Restoring') })]);
  }, 30_000);

  it('shows a line a phase, and what comes next', async () => {
    kubectl.prepare('resource', json(), at('Waiting'), at('Saving'), at('Unconfirmed'));
    const lines: string[] = [];
    const writes = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockImplementation((text) => { lines.push(String(text)); return true; }));
    const { code, printed, notes } = await run(['latest', '--identity-file', file()], { agrees: true }).finally(() => writes.forEach((write) => write.mockRestore()));
    expect(code).toBe(0);
    for (const phase of ['Waiting', 'Checking', 'Saving', 'Proving']) expect(lines.join('')).toContain(`✔ ${phase}`);
    expect(notes).toMatch(/A copy becomes the live database:[^]*lost from view[^]*asked the operator: latest/);
    expect(printed).toMatch(/is live, and an event was stored in it\nlook at it[^]*--confirm[^]*--undo[^]*\(after \d+ s\)/);
  }, 30_000);

  it('shows what is done about a failure as a line of its own', async () => {
    kubectl.prepare('resource', json(), at('Checking'), at('Returning', { why: 'fetch: IdentityWrong' }), failed);
    const lines: string[] = [];
    const writes = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockImplementation((text) => { lines.push(String(text)); return true; }));
    const { code, printed } = await run(['latest', '--identity-file', file(), '--yes']).finally(() => writes.forEach((write) => write.mockRestore()));
    expect([code, lines.join('')]).toEqual([1, expect.stringMatching(/Checking: \d+ s[^]*Returning: \d+ s/)]);
    expect(printed).toContain('failed, and everything is as it was: Checking: fetch: IdentityWrong');
  }, 30_000);

  it.each<[string, () => ReturnType<typeof run>, [code: number, text: string]]>([
    ['a person who does not agree', () => run(['latest', '--identity-file', file()], { agrees: false }), [1, 'nothing was changed']],
    ['nobody to ask', () => run(['latest', '--identity-file', file()]), [2, 'pass --yes']],
    ['no identity', () => run(['latest', '--yes']), [2, 'pass --identity-file']],
  ])('asks for nothing with %s', async (_, ask, [code, text]) => {
    kubectl.prepare('resource', json());
    expect(await ask()).toMatchObject({ code, notes: expect.stringContaining(text) });
    expect([calls('annotate'), calls('create')]).toEqual([[], []]);
  });
});

describe('the identity', () => {
  it.each<[string, string, string]>([
    ['a recipient', 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p', 'found a recipient'], ['nothing', '# a comment\n', 'found nothing'], ['a key of SSH', '-----BEGIN OPENSSH PRIVATE KEY-----', 'found a key of SSH'],
  ])('that is %s is refused before anybody is asked, without what it holds', async (_, text, message) => {
    writeFileSync(file(), text);
    kubectl.prepare('resource', json());
    const { code, notes } = await run(['latest', '--identity-file', file()]);
    expect([code, notes]).toEqual([2, expect.stringContaining(message)]);
    expect(notes).not.toContain('age1ql3');
  });

  it('that is in no file says so', async () => await expect(readIdentity(join(folder, 'none'))).rejects.toThrow(/expected a file, or - for standard input; found ENOENT/));
  it('is read from standard input, too', async () => expect(await readIdentity('-', Readable.from([identity.slice(0, 30), identity.slice(30), '\n']))).toBe(`${identity}\n`));
  it('is no file without an end', async () => await expect(readIdentity('-', Readable.from(['x'.repeat(70_000)]))).rejects.toThrow('expected at most 65536 bytes'));
});

describe('the turns of a restore', () => {
  it('--confirm says what is dropped, follows it, and exits with 0', async () => {
    const done = json({ restore: { last: { id: RESTORE, at: '2026-06-01T12:01:00Z', result: 'Confirmed', copy: COPY } } });
    kubectl.prepare('resource', at('Unconfirmed'), at('Cleaning'), done);
    const { code, json: lines } = await run(['--confirm', '--yes', '--json']);
    expect([code, ...lines.map(({ state }) => state)]).toEqual([0, 'requested', 'Cleaning', 'ended']);
    expect(calls('annotate')).toEqual([expect.stringContaining('glitchkeeper.io/restore=confirm')]);
  }, 30_000);

  it('--undo goes back, and exits with 0 when the other database is live', async () => {
    kubectl.prepare('resource', at('Unconfirmed'), at('Swapping', { direction: 'back' }), at('Unconfirmed', { direction: 'back' }));
    const { code, json: lines } = await run(['--undo', '--yes', '--json']);
    expect([code, lines.at(-1)]).toEqual([0, expect.objectContaining({ state: 'unconfirmed', message: expect.stringContaining('the database of before is live again') })]);
  }, 30_000);

  it('--follow asks for nothing', async () => {
    kubectl.prepare('resource', at('Starting'), at('Starting'), at('Unconfirmed'));
    expect((await run(['--follow', '--json'])).code).toBe(0);
    expect(calls('annotate')).toEqual([]);
  }, 30_000);

  it.each<[string, string, number, string]>([
    ['nothing was ever restored', json(), 0, 'nothing was ever restored here'], ['one is under way', at('Unconfirmed'), 2, 'glitchkeeper restore --confirm, or glitchkeeper restore --undo'], ['the last failed', failed, 1, 'failed, and everything is as it was'],
  ])('without a word it shows that %s', async (_, found, code, text) => {
    kubectl.prepare('resource', found);
    expect(await run([])).toMatchObject({ code, printed: expect.stringContaining(text) });
  });
});
