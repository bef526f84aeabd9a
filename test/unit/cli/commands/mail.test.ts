import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeKubectl, type FakeKubectl } from '../fake-kubectl.js';
import { runCli } from '../running-command.js';
import { resourceJson } from '../cli-scenarios.js';

let kubectl: FakeKubectl;
beforeEach(() => {
  kubectl = fakeKubectl();
  kubectl.prepare('resource', resourceJson());
});
afterEach(() => kubectl.remove());

const answer = (more: object) => `a line of Django's\n${JSON.stringify({ server: 'smtp.example.com:587', tls: 'starttls', login: true, from: 'errors@example.com', to: 'me@example.com', ...more })}\n`;
const none = JSON.stringify({ sent: false, server: null, reason: 'no server is set: mails are written to the log' });

describe('mail test', () => {
  it('has web and worker send one each, and exits with 0 when the server took both', async () => {
    kubectl.prepare('exec', answer({ sent: true }));
    const ran = await runCli(['mail', 'test', 'me@example.com']);
    expect(ran).toMatchObject({ code: 0, printed: expect.stringMatching(/web[^\n]*smtp\.example\.com:587, starttls, with a login[^\n]*errors@example\.com[^\n]*took it[^]*worker[^\n]*took it/) });
    expect(kubectl.calls().filter((call) => call.startsWith('exec'))).toEqual(['web', 'worker'].map((part) =>
      `exec deployment/${part} --container ${part} --namespace glitchtip --pod-running-timeout=15s -- timeout 90 python /glitchkeeper/mail_test.py me@example.com`));
  });

  it('exits with 1 when one did not go, and says why', async () => {
    kubectl.prepare('exec', answer({ sent: true }), answer({ sent: false, reason: 'the server refuses the login (535)' }));
    expect(await runCli(['mail', 'test', 'me@example.com'])).toMatchObject({ code: 1, printed: expect.stringMatching(/web[^\n]*took it[^]*worker[^\n]*refuses the login \(535\)/) });
  });

  it('exits with 2 when no server is set, and says where it is written how', async () => {
    kubectl.prepare('exec', none);
    expect(await runCli(['mail', 'test', 'me@example.com'])).toMatchObject({ code: 2, printed: expect.stringContaining('docs/runbooks/mail.md') });
  });

  it('of one process there is one mail', async () => {
    kubectl.prepare('resource', JSON.stringify({ ...JSON.parse(resourceJson()) as object, spec: { version: '6.2', database: {} } }));
    kubectl.prepare('exec', answer({ sent: true }));
    expect(await runCli(['mail', 'test', 'me@example.com'])).toMatchObject({ code: 0 });
    expect(kubectl.calls().filter((call) => call.startsWith('exec'))).toHaveLength(1);
  });

  it('is one JSON object for a program', async () => {
    kubectl.prepare('exec', none);
    const { code, json } = await runCli(['mail', 'test', 'me@example.com', '--json']);
    expect([code, json]).toEqual([2, [{ mails: ['web', 'worker'].map((part) => ({ part, sent: false, server: null, reason: 'no server is set: mails are written to the log' })) }]]);
  });

  it.each([['me'], ['--help=me@example.com'], ['a b@example.com'], ['-f@example.com']])('takes no %p for an address', async (to) => {
    expect(await runCli(['mail', 'test', '--', to])).toMatchObject({ code: 2, notes: expect.stringContaining('expected an e-mail address') });
    expect(kubectl.calls().some((call) => call.startsWith('exec'))).toBe(false);
  });

  it('says which right is missing', async () => {
    kubectl.prepare('exec', { error: 'Error from server (Forbidden): pods "web-1" is forbidden: User "me" cannot create resource "pods/exec"' });
    expect(await runCli(['mail', 'test', 'me@example.com'])).toMatchObject({ code: 2, notes: expect.stringMatching(/you may not do this.*pods\/exec/) });
  });

  it('says that manifests are older, which have no such program', async () => {
    kubectl.prepare('exec', 'something else');
    expect(await runCli(['mail', 'test', 'me@example.com'])).toMatchObject({ code: 2, notes: expect.stringContaining('are the manifests older than this program?') });
  });
});
