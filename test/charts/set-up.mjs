// Jest's globalSetup of these suites: manifests carry the operator's bundle, and the library is tried as it is built.
import process from 'node:process';
import { execa } from 'execa';

export default async function setUp() {
  // `npm test` has it as a stage of its own (test/runner/stages.ts).
  if (process.env.GLITCHKEEPER_READY_BUILD === undefined) await execa('npm', ['run', '--silent', 'build'], { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
}
