#!/usr/bin/env node
// `glitchkeeper`, and as kubectl's plugin `kubectl glitchtip`: shows and manages a running GlitchTip.
import { basename } from 'node:path';
import { run } from './program.js';

const started = basename(process.argv[1] ?? '');

run(started.startsWith('kubectl-') ? 'kubectl glitchtip' : 'glitchkeeper', process.argv.slice(2)).then(
  (code) => { process.exitCode = code; },
  // Unexpected: the stack is for whoever fixes it. Not 1, which says that something is not ready.
  (error: unknown) => { console.error(error); process.exitCode = 2; },
);
