/** Names a process so that a reused process id is not mistaken for it. */
import { readFile } from 'node:fs/promises';

/** When a process began, in clock ticks since boot; undefined when there is none. The same before and after an exec. */
async function startTime(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // Field 22 of proc_pid_stat(5), counted behind the command's closing parenthesis, which may contain spaces.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

/** A text for a file, by which `findProcess` finds the process again as long as it runs. */
export async function identify(pid: number): Promise<string> {
  return `${pid} ${(await startTime(pid)) ?? 'ended'}`;
}

/** Id of the process that the text names; undefined when it has ended or the text names none. */
export async function findProcess(identity: string): Promise<number | undefined> {
  const [pid, began] = identity.split(' ');
  if (began === undefined || began !== (await startTime(Number(pid)))) return undefined;
  return Number(pid);
}
