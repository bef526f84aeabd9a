// Commands of a runbook, run as a person would type them: what the document says is what is tried.
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import type { Stack } from './stack.js';

/** The blocks of a section, without the indentation of a list. @throws Error when there is no such section */
export function blocksOf(file: string, section: string): string[] {
  const [, ...parts] = readFileSync(file, 'utf8').split(/^## /m);
  const text = parts.find((part) => part.startsWith(`${section}\n`));
  if (text === undefined) throw new Error(`${file} has no section "${section}"`);
  return [...text.matchAll(/^ *(?:\d+\. )?```\w*\n([^]*?)^ *```$/gm)].map(([, block = '']) => dedent(block));
}

function dedent(block: string): string {
  const indents = block.split('\n').filter((line) => line.trim() !== '').map((line) => line.search(/\S/));
  return block.replace(new RegExp(`^ {${Math.min(...indents)}}`, 'gm'), '');
}

/** As in a folder of the project, where npm has its names for the programs that are built. */
export function asBuilt(script: string): string {
  const built = (name: string): string => `node ${join(process.cwd(), 'build', name)}`;
  return script.trim().replaceAll('npx glitchkeeper', built('cli.js')).replaceAll('npm run synth', built('main.js'));
}

/** One shell for all of it, which ends at the first command that fails. `input`: what is typed while it runs. */
export async function runCommands({ cluster }: Stack, script: string, input?: string): Promise<string> {
  const env = { KUBECONFIG: cluster.kubeconfigPath, PATH: [dirname(cluster.binaries.kubectl), process.env['PATH']].join(delimiter) };
  const { stdout } = await execa('bash', ['-euo', 'pipefail', '-c', script], { env, ...(input === undefined ? {} : { input }) });
  return stdout;
}
