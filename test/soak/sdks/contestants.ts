// The SDKs that are tried: what is installed for each, with pinned versions, and how its program is started.
import { join } from 'node:path';
import { execa } from 'execa';

export interface Contestant {
  /** As its registry has it. */
  readonly name: string;
  /** A folder beside this file. */
  readonly folder: 'node' | 'browser' | 'python' | 'go' | 'java';
  /** Commands without which it cannot be tried. */
  readonly needs: readonly string[];
  /** Files of the folder that say what is installed; none: it is among this project's own. */
  readonly pins: readonly string[];
  readonly install: (target: string, source: string) => Promise<unknown>;
  /** @param target where it was installed @param source its folder */
  readonly command: (target: string, source: string) => readonly [program: string, ...arguments_: string[]];
  /** Ways to send a transaction. */
  readonly lifecycles: readonly Lifecycle[];
}

export interface Lifecycle {
  /** The SDK's option; undefined: as the SDK comes. */
  readonly traceLifecycle?: 'static' | 'stream';
  /** Spans are sent, which GlitchTip itself drops and the gateway makes transactions of. */
  readonly isStreamed: boolean;
}

/** Of @sentry/node and @sentry/browser since 11. */
const STREAMED_BY_DEFAULT: readonly Lifecycle[] = [{ traceLifecycle: 'static', isStreamed: false }, { isStreamed: true }];
const STATIC_BY_DEFAULT: readonly Lifecycle[] = [{ isStreamed: false }];

export const CONTESTANTS: readonly Contestant[] = [
  {
    name: '@sentry/node', folder: 'node', needs: [], pins: [], lifecycles: STREAMED_BY_DEFAULT,
    install: () => Promise.resolve(),
    command: (_, source) => [process.execPath, join(source, 'program.mjs')],
  },
  {
    name: '@sentry/browser', folder: 'browser', needs: ['npm', 'chromium'], pins: ['package.json'], lifecycles: STREAMED_BY_DEFAULT,
    install: (target) => execa('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'], { cwd: target }),
    command: (_, source) => [process.execPath, join(source, 'program.mjs')],
  },
  {
    name: 'sentry-sdk', folder: 'python', needs: ['python3'], pins: ['requirements.txt'], lifecycles: [...STATIC_BY_DEFAULT, { traceLifecycle: 'stream', isStreamed: true }],
    install: async (target) => {
      await execa('python3', ['-m', 'venv', join(target, 'venv')]);
      await execa(join(target, 'venv/bin/python'), ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check', '-r', join(target, 'requirements.txt')]);
    },
    command: (target, source) => [join(target, 'venv/bin/python'), join(source, 'program.py')],
  },
  {
    name: 'sentry-go', folder: 'go', needs: ['go'], pins: ['go.mod', 'go.sum', 'main.go'], lifecycles: STATIC_BY_DEFAULT,
    install: (target) => execa('go', ['build', '-o', 'program', '.'], { cwd: target, env: { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' } }),
    command: (target) => [join(target, 'program')],
  },
  {
    name: 'io.sentry:sentry', folder: 'java', needs: ['mvn', 'javac'], pins: ['pom.xml', 'Program.java'], lifecycles: STATIC_BY_DEFAULT,
    install: async (target) => {
      await execa('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=jars'], { cwd: target });
      await execa('javac', ['-cp', 'jars/*', '-d', 'classes', 'Program.java'], { cwd: target });
    },
    command: (target) => ['java', '-cp', [join(target, 'classes'), join(target, 'jars', '*')].join(':'), 'Program'],
  },
];
