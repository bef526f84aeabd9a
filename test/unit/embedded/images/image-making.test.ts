/** The pure parts of image making: modes, tools, pinned downloads and names. */
import { describe, expect, it } from '@jest/globals';
import { corednsEntry, imageCatalog, nodeImages } from '../../../../embedded/images/catalog.js';
import { cacheRoot } from '../../../../embedded/cluster-options.js';
import { archiveName } from '../../../../embedded/images/ensure-images.js';
import { integrityOf, nodePackage, nodeRelease } from '../../../../embedded/images/prepared.js';
import { readImageMode, registryAnswers } from '../../../../embedded/images/registry.js';
import { assertTools, MissingToolsError, searchPath } from '../../../../embedded/images/tools.js';

const answering = (status: number): typeof fetch => () => Promise.resolve(new Response('', { status }));
const failing: typeof fetch = () => Promise.reject(new TypeError('fetch failed'));

describe('the choice between pulling and building', () => {
  it.each([
    [{}, 'auto'],
    [{ GLITCHKEEPER_IMAGES: 'pull' }, 'pull'],
    [{ GLITCHKEEPER_IMAGES: 'local' }, 'local'],
  ])('reads %j as %s', (env, mode) => {
    expect(readImageMode(env)).toBe(mode);
  });

  it('refuses another word and says what it expects', () => {
    expect(() => readImageMode({ GLITCHKEEPER_IMAGES: 'remote' })).toThrow('must be auto, local or pull, found "remote"');
  });

  it.each([
    ['a 401 for a caller without a token', answering(401), true],
    ['a 200', answering(200), true],
    ['a 403 of some proxy', answering(403), false],
    ['a 503', answering(503), false],
    ['no connection', failing, false],
  ])('takes %s as an answer or not', async (_name, fetcher, expected) => {
    await expect(registryAnswers(100, fetcher)).resolves.toBe(expected);
  });
});

describe('missing tools', () => {
  it('are named together with their Debian packages', () => {
    const tools = [
      { command: 'no-such-command-1', debianPackage: 'package-a' },
      { command: 'no-such-command-2', debianPackage: 'package-a' },
      { command: 'sh', debianPackage: 'dash' },
    ];
    expect(() => assertTools(tools, { PATH: '/usr/bin:/bin' })).toThrow(MissingToolsError);
    expect(() => assertTools(tools, { PATH: '/usr/bin:/bin' })).toThrow(
      'not found on PATH: no-such-command-1, no-such-command-2. Install with: apt-get install -y package-a',
    );
  });

  it('are looked for in the system folders as well, each folder once', () => {
    expect(searchPath({ PATH: '/usr/sbin:/opt/bin' })).toBe('/usr/sbin:/opt/bin:/usr/local/sbin:/sbin');
    expect(searchPath({})).toBe('/usr/local/sbin:/usr/sbin:/sbin');
  });
});

describe('the Node binary', () => {
  it('is pinned for both architectures by a sha512', () => {
    for (const arch of ['x64', 'arm64']) {
      expect(nodePackage(arch).integrity).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
    }
    expect(nodeRelease.version).toMatch(/^24\./);
  });

  it('does not exist for other architectures', () => {
    expect(() => nodePackage('ia32')).toThrow('architecture ia32: expected x64 or arm64');
  });

  it('is compared in the form that npm writes', () => {
    expect(integrityOf(Buffer.from('abc'))).toBe(
      'sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==',
    );
  });
});

describe('archives', () => {
  const [pause] = imageCatalog;

  it('have names that say what they are', () => {
    expect(imageCatalog.map((entry) => archiveName(entry, 'pulled'))).toEqual([
      'pause-1-pulled.tar', 'busybox-1.37-pulled.tar', 'postgres-17-alpine-pulled.tar', 'valkey-8-alpine-pulled.tar',
      'node-24-alpine-pulled.tar', 'glitchtip-5.2-pulled.tar',
    ]);
    expect(pause && archiveName(pause, 'local')).toMatch(/^pause-1-[0-9a-f]{16}\.tar$/);
  });

  it('of DNS is new when the program is, which lies in a folder named after what it was built from', () => {
    const name = (folder: string): string => archiveName(corednsEntry(`/cache/bin/${folder}/coredns`), 'local');
    expect(name('kubernetes-1')).toMatch(/^coredns-1\.14\.1-[0-9a-f]{16}\.tar$/);
    expect(name('kubernetes-1')).not.toBe(name('kubernetes-2'));
    expect(nodeImages).toEqual([pause?.name, corednsEntry('').name]);
  });

  it('lie in the cache folder that the environment names', () => {
    expect(cacheRoot({ GLITCHKEEPER_CACHE: '/c', XDG_CACHE_HOME: '/x' })).toBe('/c');
    expect(cacheRoot({ XDG_CACHE_HOME: '/x' })).toBe('/x/glitchkeeper');
  });
});
