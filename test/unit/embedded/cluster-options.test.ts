/** The options of the embedded cluster. */
import { describe, expect, it } from '@jest/globals';
import { OptionError, parseMemoryOption, resolveOptions } from '../../../embedded/cluster-options.js';

const env = { GLITCHKEEPER_STATE: '/state' };

describe('without options', () => {
  const settings = resolveOptions({}, env);
  it('the node has 1.9 GiB, of which 500 MiB are kept back from pods', () => {
    expect(settings.memoryBytes).toBe(Math.floor(1.9 * 2 ** 30));
    expect(settings.reservedBytes).toBe(500 * 2 ** 20);
  });
  it('everything is called glitchkeeper', () => {
    expect(settings).toMatchObject({ name: 'glitchkeeper', resource: 'glitchkeeper' });
    expect(settings.paths.kubeconfig).toBe('/state/clusters/glitchkeeper/kubeconfig');
  });
});

describe('with options', () => {
  it('another name makes another namespace, cgroup and folder', () => {
    const settings = resolveOptions({ name: 't1' }, env);
    expect(settings.resource).toBe('glitchkeeper-t1');
    expect(settings.paths.root).toBe('/state/clusters/t1');
  });
  it('memory "none" means no limit', () => {
    expect(resolveOptions({ memory: 'none' }, env).memoryBytes).toBeUndefined();
  });
  it('a relative audit file is taken from the current folder, for the API server runs elsewhere', () => {
    expect(resolveOptions({ audit: 'a.log' }, env).audit).toBe(`${process.cwd()}/a.log`);
  });
  it.each(['1.9', 'lots', '-1Gi', '1.9 Gi', ''])('memory "%s" is refused', (memory) => {
    expect(() => resolveOptions({ memory }, env)).toThrow(OptionError);
  });
  it.each(['', 'A', 'a/b', '-a', 'a-', 'x'.repeat(31)])('the name "%s" is refused', (name) => {
    expect(() => resolveOptions({ name }, env)).toThrow(OptionError);
  });
  it('a state folder too deep for Unix sockets is refused', () => {
    expect(() => resolveOptions({}, { GLITCHKEEPER_STATE: `/${'x'.repeat(80)}` })).toThrow(/GLITCHKEEPER_STATE/);
  });
});

describe('a memory quantity', () => {
  it.each([
    ['500Mi', 524_288_000],
    ['500M', 500_000_000],
    ['1.5Gi', 1_610_612_736],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseMemoryOption('--memory', text)).toBe(bytes);
  });
});
