// Jest runs ES modules natively (NODE_OPTIONS=--experimental-vm-modules, set by the npm scripts); swc only strips types.
const transform = {
  '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } }],
};

/** One Jest project a suite, so that `npm test` can choose when each runs, and skip by name what a machine cannot run. */
const suite = (displayName, testMatch, more = {}) => ({
  displayName,
  testMatch: [`<rootDir>/${testMatch}`],
  testEnvironment: 'node',
  // signal-exit keeps its state in a global; Jest's cleaning wraps that once more for each test file, until the stack is full.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  transform,
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/dist/'],
  ...more,
});

const real = { globalSetup: '<rootDir>/test/support/real-parts.mjs' };
/** They know which tests have failed (test/cluster/support/failure-evidence.ts). */
const onPods = { ...real, testEnvironment: '<rootDir>/test/cluster/support/failure-environment.mjs' };

export default {
  // For a test that hangs: how long one takes says more of what else the machine does. Jest's own five seconds ended good ones.
  testTimeout: 60_000,
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  reporters: ['default', '<rootDir>/test/support/progress.mjs'],
  projects: [
    suite('unit', 'test/unit/**/*.test.ts'),
    suite('charts', 'test/charts/**/*.test.ts', { globalSetup: '<rootDir>/test/charts/set-up.mjs' }),
    suite('api', 'test/api/**/*.test.ts', real),
    suite('replay', 'test/replay/*.test.ts', { ...real, setupFilesAfterEnv: ['<rootDir>/test/replay/timeouts.mjs'] }),
    suite('cluster', 'test/cluster/*.test.ts', onPods),
    // By hand, in parts: npm run soak.
    suite('soak', 'test/soak/*.test.ts', onPods),
  ],
};
