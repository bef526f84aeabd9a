// The synthesizer as a program, started in each of its ways: what is in dist/ before, and after.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { replaceManifests } from '../../charts/manifest-folder.js';

const PROGRAM = `node ${resolve('build/main.js')}`;
/** What `npm run synth` starts when it has built. */
const SYNTH = /node (.*)build(.*)$/.exec((JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { synth: string } }).scripts.synth);
const SNAPSHOT = `node ${SYNTH?.[1] ?? ''}${resolve(`build${SYNTH?.[2] ?? ''}`)}`;
const MINUTE = 60_000;
const root = mkdtempSync(join(tmpdir(), 'glitchkeeper-synth-'));
let place = root;

afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => { place = mkdtempSync(join(root, 'place-')); });

const write = (file: string, text: string) => {
  mkdirSync(join(place, file, '..'), { recursive: true });
  writeFileSync(join(place, file), text);
};
const read = (file: string) => readFileSync(join(place, file), 'utf8');
const run = async (command: string, env = {}) => {
  const { exitCode, stderr, stdout } = await execa(command, { cwd: place, shell: true, reject: false, env });
  return { exitCode, stderr, stdout };
};

const WAYS: readonly [string, () => Promise<{ exitCode?: number | undefined; stderr: string; stdout: string }>][] = [
  ['npm run synth', () => run(SNAPSHOT)],
  ['node build/main.js', () => run(PROGRAM)],
  ['cdk8s synth', () => {
    // The build is what `npm run synth` does before.
    write('cdk8s.yaml', readFileSync('cdk8s.yaml', 'utf8').replace('npm run --silent synth', SNAPSHOT));
    return run(`${resolve('node_modules/.bin/cdk8s')} synth --check-upgrade=false`);
  }],
];

describe.each(WAYS)('%s', (_, synth) => {
  const stack = 'dist/0003-glitchtip.k8s.yaml';

  it('writes all manifests, and takes away what other settings had made', async () => {
    write('dist/monitoring/monitoring.k8s.yaml', 'of other settings');
    expect(await synth()).toMatchObject({ exitCode: 0 });
    expect(readdirSync(join(place, 'dist')).sort()).toEqual(['0000-namespace.k8s.yaml', '0001-crds.k8s.yaml', '0002-operator.k8s.yaml', '0003-glitchtip.k8s.yaml', 'host', 'monitoring']);
    expect(readdirSync(join(place, 'dist/monitoring'))).toEqual([]);
    expect(read(stack)).toContain('kind: StatefulSet');
  }, MINUTE);

  it('leaves the last good manifests when settings are wrong, and says why', async () => {
    write(stack, 'the last good ones');
    write('settings.yaml', 'domain: nothing\n');
    const { exitCode, stderr } = await synth();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('domain: expected');
    expect(read(stack)).toBe('the last good ones');
  }, MINUTE);

  it('leaves files of others in dist/', async () => {
    write('dist/ours-too.k8s.yaml', 'of somebody else');
    write('dist/notes/read.me', 'of somebody else');
    expect(await synth()).toMatchObject({ exitCode: 0 });
    expect([read('dist/ours-too.k8s.yaml'), read('dist/notes/read.me')]).toEqual(['of somebody else', 'of somebody else']);
  }, MINUTE);
});

describe('from a snapshot', () => {
  it('settings and output are those of the run, and not those that the snapshot was made with', async () => {
    write('other.yaml', 'namespace: elsewhere\n');
    for (const [program, folder] of [[SNAPSHOT, 'one'], [PROGRAM, 'two']] as const) {
      expect(await run(program, { GLITCHKEEPER_SETTINGS: 'other.yaml', CDK8S_OUTDIR: folder })).toMatchObject({ exitCode: 0 });
    }
    expect(read('one/0000-namespace.k8s.yaml')).toContain('name: elsewhere');
    for (const file of readdirSync(join(place, 'one')).filter((name) => name.endsWith('.yaml'))) expect(read(`one/${file}`)).toBe(read(`two/${file}`));
  }, MINUTE);
});

describe('a volume that the settings changed', () => {
  it('is told with what apply will say of it', async () => {
    await run(PROGRAM);
    write('settings.yaml', 'storage: { postgres: 16Gi, className: fast }\n');
    const { exitCode, stderr } = await run(PROGRAM);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('storage.postgres: the volume claim had 8Gi and now has 16Gi; a volume claim that exists cannot be changed');
    expect(stderr).toContain("storage.className: the volume claim had the cluster's default class and now has fast");
    expect(stderr.match(/storage\.className/g)).toHaveLength(1);
  }, MINUTE);

  it.each([
    ['nothing changed', 'domain: https://errors.example.com\n'],
    ['only /tmp changed, which is none', 'storage: { tmp: 2Gi }\n'],
    ['a volume is new', 'gateway: { enabled: true }\n', 'gateway: { enabled: false }\n'],
    ['a volume is gone', 'gateway: { enabled: false }\n'],
  ])('is not told where %s', async (_, after, before = '') => {
    write('settings.yaml', before);
    await run(PROGRAM);
    write('settings.yaml', after);
    expect((await run(PROGRAM)).stderr).not.toContain('volume claim');
  }, MINUTE);
});

it.each([['', 'GlitchTip 5.2: run and measured by this project'], ['version: "6.2"\n', 'GlitchTip 6.2: not run by this project']])('says how its release was proven: %j', async (settings, said) => {
  write('settings.yaml', settings);
  expect((await run(PROGRAM)).stderr).toContain(said);
}, MINUTE);

it('a synthesis that fails half-way leaves the folder as it was', () => {
  write('dist/0003-glitchtip.k8s.yaml', 'the last good ones');
  const half = (folder: string) => {
    writeFileSync(join(folder, '0003-glitchtip.k8s.yaml'), 'half');
    throw new Error('no space left');
  };
  expect(() => replaceManifests(join(place, 'dist'), half)).toThrow('no space left');
  expect(read('dist/0003-glitchtip.k8s.yaml')).toBe('the last good ones');
  expect(readdirSync(join(place, 'dist'))).toEqual(['0003-glitchtip.k8s.yaml']);
  expect(existsSync(join(place, 'build'))).toBe(false);
});
