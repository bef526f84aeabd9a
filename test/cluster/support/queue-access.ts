// Valkey asked as the operator's user. Commands go through standard input: a password in an argument could be read by anybody.
import { SECRETS } from '../../../charts/part-names.js';
import type { Release } from '../../../operator/api/glitchtip-releases.js';
import { VALKEY_OPERATOR_USER } from '../../../operator/api/object-names.js';
import type { Stack } from './stack.js';

/** Answers of commands in order, as valkey-cli prints them without a terminal. */
export async function valkey(stack: Stack, ...commands: string[]): Promise<string[]> {
  const password = await stack.secret(SECRETS.valkey, 'password');
  const script = [`AUTH ${VALKEY_OPERATOR_USER} ${password}`, ...commands, ''].join('\n');
  const [login, ...answers] = (await stack.exec('valkey', ['valkey-cli'], script)).split('\n');
  if (login !== 'OK') throw new Error(`Valkey refused the operator's login: ${login ?? 'no answer'}`);
  return answers;
}

/** One number out of INFO, such as used_memory. */
export async function info(stack: Stack, field: string): Promise<number> {
  const line = (await valkey(stack, 'INFO all')).find((one) => one.startsWith(`${field}:`));
  return Number(line?.split(':')[1]);
}

/** The queue of GlitchTip 5.2. */
export const QUEUE = 'celery';

/** Events that wait in the queue. */
export async function queueDepth(stack: Stack): Promise<number> {
  const list: Readonly<Record<Release, string>> = { '5.2': QUEUE, '6.2': 'vtasks:q:ingest' };
  return Number((await valkey(stack, `LLEN ${list[stack.release]}`))[0]);
}

/** Messages in one call of kubectl: about 4 MB. */
const CHUNK = 1000;

/**
 * Appends messages to the queue as fast as Valkey takes them, until it refuses one, or there are so many.
 * @param most a multiple of a thousand @default no end
 * @returns how many it took: the first ones of `messages`
 */
export async function fillQueue(stack: Stack, messages: () => string, most = Infinity): Promise<number> {
  for (let taken = 0; ;) {
    if (taken >= most) return taken;
    const commands = Array.from({ length: CHUNK }, () => `LPUSH ${QUEUE} ${quote(messages())}`);
    const answers = await valkey(stack, ...commands);
    const refused = answers.findIndex((answer) => !/^\d+$/.test(answer));
    if (refused !== -1 && refused < CHUNK) {
      if (!answers[refused]?.includes('OOM')) throw new Error(`Valkey answered ${answers[refused] ?? 'nothing'}`);
      return taken + refused;
    }
    taken += CHUNK;
  }
}

/** A JSON text as one word of valkey-cli's input. */
function quote(text: string): string {
  return `"${text.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`)}"`;
}
