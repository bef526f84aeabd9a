// Lint rules: type-checked TypeScript, small functions, and the layers (operator/core imports no I/O).
import eslint from '@eslint/js';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

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
  {
    // Pure decisions: what they need from the world comes in as an argument.
    files: ['operator/core/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:*', '@kubernetes/*', 'pg', 'iovalkey', 'pino', 'prom-client', '../io/*', '../runtime/*'],
              message: 'operator/core is pure: pass what you need as an argument' },
          ],
        },
      ],
    },
  },
);
