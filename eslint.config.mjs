// Lint rules: type-checked TypeScript, small functions, and the boundaries of the layers (core/ imports no I/O, nobody imports test/).
import eslint from '@eslint/js';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** What files of a layer may not import, and why; test/ is no product and is imported by none. */
function boundary(files, forbidden) {
  const patterns = [[['**/test/**'], 'test/ is no product'], ...forbidden].map(([group, message]) => ({ group, message }));
  return [{ files, ignores: ['**/*.test.ts'], rules: { 'no-restricted-imports': ['error', { patterns }] } }];
}

/** One such import, and a bundle has all of zod. */
const WHOLE_ZOD = { selector: "ImportDeclaration[source.value='zod'] > ImportSpecifier", message: "import * as z from 'zod': a bundler then leaves out the 350 KB that nobody asks for" };

const OUTSIDE = [['**/charts/**', '**/cli/**', '**/start/**', '**/embedded/**'], 'what runs in the cluster knows nothing of what installs it'];

export default tseslint.config(
  // The example imports the package as built; its own test type-checks it after the build.
  { ignores: ['test/charts/example/', 'node_modules/', 'build/', 'dist/', 'imports/*.io.ts', 'coverage/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, importX.flatConfigs.typescript],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      complexity: ['error', 10],
      'max-depth': ['error', 3],
      'max-params': ['error', 4],
      'max-statements': ['error', 20],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'import-x/no-cycle': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    // cdk8s is used by its constructors' effects: `new Part(scope, id)` is how a part is added.
    files: ['charts/**/*.ts', 'test/charts/**/*.ts', 'main.ts'],
    rules: { 'no-new': 'off' },
  },
  {
    // Jest's describe blocks are long by nature; each test inside stays small.
    files: ['test/**/*.test.ts'],
    rules: { 'max-statements': 'off' },
  },
  { files: ['**/*.ts'], ignores: ['test/**'], rules: { 'no-restricted-syntax': ['error', WHOLE_ZOD] } },
  // The layers (docs/architecture.md). A file has the boundaries of the last row that it matches. docs/ draws its pictures from the tests' scenarios.
  ...boundary(['gateway/**', 'backup/**', 'imports/**', 'main.ts', 'start/**', '*.config.ts'], []),
  ...boundary(['charts/**'], [[['**/cli/**', '**/start/**', '**/embedded/**'], 'manifests know nothing of who applies them']]),
  ...boundary(['cli/**'], [[['**/start/**', '**/embedded/**'], 'the CLI works on any cluster']]),
  ...boundary(['embedded/**'], [[['**/cli/**', '**/start/**'], 'the embedded cluster is a cluster like any other']]),
  ...boundary(['operator/*.ts', 'operator/io/**'], [OUTSIDE]),
  ...boundary(['operator/controllers/**'], [OUTSIDE, [['**/io/**'], 'controllers know the world by their ports: io/connect-ports.ts connects them']]),
  ...boundary(['operator/runtime/**'], [OUTSIDE, [['**/api/**', '**/core/**', '**/controllers/**', '**/io/**'], 'operator/runtime knows nothing of GlitchTip']]),
  ...boundary(['operator/api/**'], [OUTSIDE, [['**/core/**', '**/controllers/**', '**/io/**', '**/runtime/**'], 'operator/api is what everything else is written against']]),
  ...boundary(['operator/core/**', 'gateway/core/**', 'backup/core/**'], [
    OUTSIDE,
    [['node:*', '@kubernetes/*', 'pg', 'iovalkey', 'pino', 'prom-client', '**/io/**', '**/runtime/**', '**/controllers/**'], 'core/ is pure: pass what you need as an argument'],
  ]),
);
