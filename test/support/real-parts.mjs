// Jest's globalSetup of the suites with real parts, whose files run side by side: what each of them needs is made once, before the first.
import { execa } from 'execa';

export default async function setUp() {
  await execa('tsx', ['test/support/real-parts.ts'], { preferLocal: true, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
}
