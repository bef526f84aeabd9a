import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fakeKubectl, type Answer, type FakeKubectl, type Question } from '../fake-kubectl.js';
import { runCli } from '../running-command.js';
import { condition, current, ended, ready, resourceJson } from '../cli-scenarios.js';

let kubectl: FakeKubectl;
const nothing = JSON.stringify({ items: [] });
const operatorPod = JSON.stringify({ items: [{
  kind: 'Pod', metadata: { name: 'operator-0', labels: { 'app.kubernetes.io/component': 'operator' }, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { containers: [] }, status: { conditions: [{ type: 'Ready', status: 'True' }] },
}] });

beforeEach(() => {
  kubectl = fakeKubectl();
  const usual: [Question, Answer][] = [['resource', resourceJson()], ['pods', operatorPod], ['metrics', { error: 'error: no metrics' }], ['events', nothing], ['annotate', '']];
  for (const [question, answer] of usual) kubectl.prepare(question, answer);
});
afterEach(() => kubectl.remove());

describe('status', () => {
  it('asks kubectl about the place that was named', async () => {
    expect(await runCli(['status', '--context', 'prod', '-n', 'errors', '--name', 'gt'])).toMatchObject({ code: 0, notes: '' });
    expect(kubectl.calls()[0]).toBe('--context prod get glitchtips.glitchkeeper.io gt --output json --namespace errors --request-timeout=15s');
  });

  it('exits with 1 when it is not ready', async () => {
    kubectl.prepare('resource', resourceJson({ conditions: [condition('Ready', 'False', 'Unreachable', 'Postgres does not answer.')] }));
    expect(await runCli(['status'])).toMatchObject({ code: 1, printed: expect.stringContaining('Postgres does not answer.') });
  });

  it('is one JSON object for a program', async () => {
    const { code, json } = await runCli(['status', '--json']);
    expect([code, json.length, Object.keys(json[0] ?? {})]).toEqual([0, 1, ['name', 'namespace', 'verdict', 'why', 'parts', 'conditions', 'credentials', 'rotation', 'events']]);
  });

  it('shows words that only a newer operator has', async () => {
    const incident = { id: '1', reason: 'MoonTooBright', part: 'moon', severity: 'grave', since: '2026-06-01T11:50:00Z', message: 'It is too bright.', advice: 'Wait.' };
    const json = JSON.parse(resourceJson({ conditions: [ready, condition('Moonlit', 'False', 'Full', 'No moon.')], current: current('Waxing' as 'Rolling') })) as { status: object };
    kubectl.prepare('resource', JSON.stringify({ ...json, status: { ...json.status, health: { incidents: [incident], channels: [{ name: 'pigeon', waiting: 2 }] } } }));
    const { code, printed } = await runCli(['status']);
    expect(code).toBe(0);
    for (const word of ['MoonTooBright', 'Moonlit', 'Waxing', 'pigeon']) expect(printed).toContain(word);
  });

  it('shows what it understands of another version\'s operator, and says what it does not', async () => {
    const json = JSON.parse(resourceJson({ conditions: [ready] })) as { status: object };
    kubectl.prepare('resource', JSON.stringify({ ...json, status: { ...json.status, health: { incidents: 'many' } } }));
    expect(await runCli(['status'])).toMatchObject({ code: 2, printed: expect.stringMatching(/unknown\n.*another version.*status\.health\.incidents[^]*AllWell/) });
  });

  it('does without events that it may not read', async () => {
    kubectl.prepare('events', { error: 'Error from server (Forbidden): no' });
    expect(await runCli(['status'])).toMatchObject({ code: 0, printed: expect.stringContaining('events cannot be read') });
  });
});

describe('what cannot be found out exits with 2 and says', () => {
  it.each<[string, Partial<Record<Question, Answer>>, string]>([
    ['that there is no such namespace', { resource: { error: 'Error from server (NotFound): glitchtips "glitchtip" not found' }, namespace: { error: 'Error from server (NotFound): namespaces "glitchtip" not found' } }, 'there is no namespace "glitchtip"'],
    ['that there is no such resource', { resource: { error: 'Error from server (NotFound): glitchtips "glitchtip" not found' }, namespace: 'namespace/glitchtip' }, 'there is no GlitchTip "glitchtip" in namespace'],
    ['that glitchkeeper is not installed', { resource: { error: 'error: the server doesn\'t have a resource type "glitchtips"' } }, 'install glitchkeeper first'],
    ['what one may not do', { resource: { error: 'Error from server (Forbidden): User "bob" cannot get' } }, 'User "bob" cannot get'],
  ])('%s', async (_, answers, message) => {
    for (const [question, answer] of Object.entries(answers) as [Question, Answer][]) kubectl.prepare(question, answer);
    expect(await runCli(['status'])).toMatchObject({ code: 2, printed: '', notes: expect.stringContaining(message) });
  });

  it.each([
    ['an option that there is not', ['status', '--json', '--bogus'], "unknown option '--bogus'"],
    ['a command that there is not', ['--json', 'statsu'], "unknown command 'statsu'"],
    ['no command', ['--json'], 'expected a command'],
    ['half a command', ['--json', 'alert'], 'expected a command'],
    ['a number that is none', ['status', '--json', '--every', 'abc'], '--every: expected a whole number from 1 to 3600, found "abc"'],
  ])('%s, as JSON where that was asked for', async (_, args, message) => {
    expect(await runCli(args)).toMatchObject({ code: 2, json: [{ error: { kind: 'usage', message: expect.stringContaining(message) } }] });
  });

  it('it as JSON, too', async () => {
    kubectl.prepare('resource', { error: 'error: context "x" does not exist' });
    expect(await runCli(['history', '--json'])).toMatchObject({ code: 2, json: [{ error: { kind: 'no context' } }] });
  });
});

describe('rotate', () => {
  const annotations = (): string[] => kubectl.calls().filter((call) => call.startsWith('annotate'));

  it('sets the annotation, and overwrites nothing that it did not see', async () => {
    expect(await runCli(['rotate', '--only', 'secret-key,postgres'])).toMatchObject({ code: 0, printed: expect.stringContaining('asked for: secret-key,postgres') });
    expect(annotations()).toEqual(['annotate glitchtips.glitchkeeper.io/glitchtip glitchkeeper.io/rotate=secret-key,postgres --namespace glitchtip --request-timeout=15s']);
  });

  it('refuses a name that is none before anything is changed', async () => {
    expect(await runCli(['rotate', '--only', 'mysql'])).toMatchObject({ code: 2, notes: expect.stringContaining('found "mysql"') });
    expect(annotations()).toEqual([]);
  });

  it('exits with 1 while another request is pending', async () => {
    kubectl.prepare('resource', resourceJson({ annotation: 'postgres' }));
    expect(await runCli(['rotate'])).toMatchObject({ code: 1, notes: expect.stringContaining('is pending') });
  });

  it.each([[true, 0, 1], [false, 1, 0], [undefined, 2, 0]])('after a leak asks first: answered %s it exits with %s and asks the operator %s times', async (agrees, code, times) => {
    const ran = await runCli(['rotate', '--compromised'], { agrees });
    expect([ran.code, annotations().length]).toEqual([code, times]);
    expect(ran.notes).toContain('everybody is signed out');
  });

  it('after a leak asks nobody with --yes', async () => {
    expect(await runCli(['rotate', '--compromised', '--yes'])).toMatchObject({ code: 0, notes: '' });
  });

  const waiting = resourceJson({ annotation: 'all' });
  const phases = (['Waiting', 'Rolling', 'Rolling', 'Retiring'] as const).map((phase) => resourceJson({ current: current(phase) }));

  it('waits with a line of JSON a phase, and exits with 0 when completed', async () => {
    kubectl.prepare('resource', resourceJson(), waiting, ...phases, resourceJson({ history: [ended('20260601T115000Z-aaaaaa', 'Completed')] }));
    const { code, json } = await runCli(['rotate', '--wait', '--json']);
    expect([code, ...json.map(({ state }) => state)]).toEqual([0, 'requested', 'queued', 'Waiting', 'Rolling', 'Retiring', 'completed']);
  }, 30_000);

  it('waits with a line a phase, and exits with 1 when it was undone, showing the way back', async () => {
    const back = resourceJson({ current: current('Returning', { message: 'Rolling did not end in time: web' }) });
    kubectl.prepare('resource', resourceJson(), ...phases.slice(0, 2), back, resourceJson({ history: [ended('20260601T115000Z-aaaaaa', 'Undone')] }));
    const lines: string[] = [];
    const writes = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockImplementation((text) => { lines.push(String(text)); return true; }));
    const { code, printed } = await runCli(['rotate', '--wait']).finally(() => writes.forEach((write) => write.mockRestore()));
    expect([code, printed]).toEqual([1, expect.stringContaining('was undone: Rolling did not end in time.')]);
    const text = lines.join('');
    for (const line of ['✔ Waiting', '✖ Rolling', 'Rolling did not end in time: web', '✖ Returning', '✖ Dropping']) expect(text).toContain(line);
    expect(text).not.toContain('Proving');
  }, 30_000);

  it('gives up waiting in time', async () => {
    kubectl.prepare('resource', resourceJson(), waiting);
    expect(await runCli(['rotate', '--wait', '--timeout', '1', '--json'])).toMatchObject({ code: 1, json: [{ state: 'requested' }, { state: 'queued' }, { state: 'timed out' }] });
  }, 30_000);
});
