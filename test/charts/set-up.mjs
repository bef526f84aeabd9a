// Jest's globalSetup of these suites: manifests carry the operator's bundle, and the library is tried as it is built.
import { execa } from 'execa';

export default async function setUp() {
  await execa('npm', ['run', '--silent', 'build'], { stdin: 'ignore', stdout: 'inherit', stderr: 'inherit' });
}
