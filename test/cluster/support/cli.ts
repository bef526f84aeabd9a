// The CLI as it is built, with the cluster's own kubectl.
import { dirname } from 'node:path';
import { execa } from 'execa';
import type { Stack } from './stack.js';

/** What it prints. @throws execa's error when it does not exit with 0 */
export async function cli({ cluster: { binaries, kubeconfigPath } }: Stack, ...args: string[]): Promise<string> {
  const { stdout } = await execa('node', ['build/cli.js', '--kubeconfig', kubeconfigPath, ...args], { env: { PATH: `${dirname(binaries.kubectl)}:${process.env['PATH'] ?? ''}` } });
  return stdout;
}

/** What it prints, whatever it exits with. */
export function cliSays(stack: Stack, ...args: string[]): Promise<string> {
  return cli(stack, ...args).catch(printedBy);
}

/** Of a program that failed. */
export function printedBy(error: unknown): string {
  return (error as { readonly stdout?: string }).stdout ?? '';
}
