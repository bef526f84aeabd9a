/** Finds the commands that image making runs, and says which Debian package brings a missing one. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { RequiredTool } from './package-lists.js';

/** Thrown when commands are missing; the message is the remedy. */
export class MissingToolsError extends Error {
  constructor(readonly missing: readonly RequiredTool[]) {
    const names = missing.map((tool) => tool.command).join(', ');
    const packages = [...new Set(missing.map((tool) => tool.debianPackage))].join(' ');
    super(`Images cannot be made: not found on PATH: ${names}. Install with: apt-get install -y ${packages}`);
    this.name = 'MissingToolsError';
  }
}

/** Debian keeps debootstrap in /usr/sbin, which the PATH of an ordinary login lacks. */
export function searchPath(env: NodeJS.ProcessEnv): string {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const system = ['/usr/local/sbin', '/usr/sbin', '/sbin'].filter((folder) => !folders.includes(folder));
  return [...folders, ...system].join(delimiter);
}

/** Throws MissingToolsError when one of the commands is in no folder of the search path. */
export function assertTools(tools: readonly RequiredTool[], env: NodeJS.ProcessEnv): void {
  const folders = searchPath(env).split(delimiter);
  const missing = tools.filter((tool) => !folders.some((folder) => isExecutable(join(folder, tool.command))));
  if (missing.length > 0) {
    throw new MissingToolsError(missing);
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
