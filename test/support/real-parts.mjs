// Jest's globalSetup of the suites with real parts, whose files run side by side: what each of them needs is made once, before the first.
import process from 'node:process';
import { execa } from 'execa';

export default async function setUp() {
  // `npm test` has these as stages of their own (test/runner/stages.ts).
  if (process.env.GLITCHKEEPER_READY_BUILD === undefined) await execa('npm', ['run', '--silent', 'build'], { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
  if (process.env.GLITCHKEEPER_READY_PARTS === undefined) await execa('tsx', ['test/support/real-parts.ts'], { preferLocal: true, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
}
