// The CLI as it is built, with the cluster's own kubectl.
import { dirname } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import type { Stack } from './stack.js';

const doctorReport = z.object({ findings: z.array(z.object({ check: z.string(), level: z.string(), found: z.string() })) });
export type DoctorFinding = z.infer<typeof doctorReport>['findings'][number];

/** In the output of `glitchkeeper doctor --json`. */
export function findingsIn(output: string): readonly DoctorFinding[] {
  return doctorReport.parse(JSON.parse(output)).findings;
}

/** Of a program that finds the cluster's own kubectl. */
export function pathWith({ cluster: { binaries } }: Pick<Stack, 'cluster'>): string {
  return `${dirname(binaries.kubectl)}:${process.env['PATH'] ?? ''}`;
}

/** What it prints. @throws execa's error when it does not exit with 0 */
export async function cli(stack: Stack, ...args: string[]): Promise<string> {
  const { stdout } = await execa('node', ['build/cli.js', '--kubeconfig', stack.cluster.kubeconfigPath, ...args], { env: { PATH: pathWith(stack) } });
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
