// Jest's globalSetup of these suites, which run side by side: what each of them needs is built once, before the first.
import { execa } from 'execa';

export default async function setUp() {
  await execa('tsx', ['test/api/prepare.ts'], { preferLocal: true, stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
}
