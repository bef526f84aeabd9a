// The command line: everything that is wrong is said at once, with its path, what was expected and what was found.
import { describe, expect, it } from '@jest/globals';
import { parseOptions, program, type VerifyOptions } from '../../sdk/verify-options.js';

const DSN = 'http://ed95f293c7c24428a2a0c2777bacbd81@localhost:9090/1';

function flags(...args: string[]): Record<string, unknown> {
  return program().parse(args, { from: 'user' }).opts();
}

function read(...args: string[]): VerifyOptions {
  const parsed = parseOptions(flags(...args), 'pw');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.options;
}

function pathsOf(...args: string[]): string[] {
  const parsed = parseOptions(flags(...args), undefined);
  return parsed.ok ? [] : parsed.problems.map(({ path }) => path);
}

describe('parseOptions', () => {
  it('has the load of the requirements as its default', () => {
    expect(read('--dsn', DSN).settings).toMatchObject({ burst: 100, rate: 104, seconds: 30, wait: 60, allowRemoteLoad: false });
  });

  it('takes no gateway for granted unless it is said', () => {
    expect([read('--dsn', DSN), read('--dsn', DSN, '--gateway')].map(({ settings }) => settings.gateway)).toEqual([false, true]);
  });

  it('asks no cluster unless one is named', () => {
    expect(read('--dsn', DSN).settings.cluster).toBeUndefined();
  });

  it.each([
    ['--kubeconfig', '/tmp/config', { kubeconfig: '/tmp/config', context: undefined, namespace: 'glitchtip' }],
    ['--context', 'host', { kubeconfig: undefined, context: 'host', namespace: 'glitchtip' }],
    ['--namespace', 'errors', { kubeconfig: undefined, context: undefined, namespace: 'errors' }],
  ])('asks the cluster when %s is given', (flag, value, expected) => {
    expect(read('--dsn', DSN, flag, value).settings.cluster).toEqual(expected);
  });

  it('reads which files to run', () => {
    expect(read('--dsn', DSN, '--only', '01,04').only).toEqual(['01', '04']);
  });

  it('logs in at an address instead of taking a DSN', () => {
    expect(read('--url', 'http://localhost:9090/', '--email', 'a@example.com').target).toEqual({
      provision: { baseUrl: 'http://localhost:9090', email: 'a@example.com', password: 'pw' },
    });
  });

  it.each([
    ['nothing', [], ['--dsn']],
    ['a bad DSN', ['--dsn', 'x'], ['dsn']],
    ['both a DSN and an address', ['--dsn', DSN, '--url', 'http://localhost'], ['--url']],
    ['an address without an e-mail', ['--url', 'http://localhost'], ['--email']],
    ['an address without a password', ['--url', 'http://localhost', '--email', 'a@b.c'], ['GLITCHTIP_PASSWORD']],
    ['an address that is none', ['--url', 'localhost', '--email', 'a@b.c'], ['--url', 'GLITCHTIP_PASSWORD']],
    ['a rate of 0', ['--dsn', DSN, '--rate', '0'], ['--rate']],
    ['a rate that is no number', ['--dsn', DSN, '--rate', 'fast'], ['--rate']],
    ['a rate beyond reason', ['--dsn', DSN, '--rate', '100000'], ['--rate']],
    ['a file that does not exist', ['--dsn', DSN, '--only', '05'], ['--only']],
    ['many faults at once', ['--dsn', 'x', '--rate', '0', '--seconds', '-1'], ['--rate', '--seconds', 'dsn']],
  ])('refuses %s', (_sentence, args, paths) => {
    expect(pathsOf(...args)).toEqual(paths);
  });
});
