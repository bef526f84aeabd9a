// What became of a test message, and how alerts are set up where they are not: text for people.
import Table from 'cli-table3';
import type { HealthStatus } from '../../operator/api/health-fields.js';
import { kubectlCommand } from '../kubectl.js';
import type { Paint } from '../output.js';
import type { Place } from '../glitchtip-resource-access.js';

type Results = NonNullable<HealthStatus['alertTest']>['results'];

export function renderResults(results: Results, paint: Paint): string {
  const table = new Table({ head: ['channel', 'result'], style: { head: [], border: [] } });
  for (const { channel, error } of results) table.push([channel, error === undefined ? paint('green', 'took it') : paint('red', error)]);
  return table.toString();
}

/** From files: what is an argument is in the shell's history and in everybody's list of processes. */
export function describeSetUp({ target, namespace }: Place, secret: string): string {
  const kubectl = `${kubectlCommand(target)} --namespace ${namespace}`;
  return [
    `No channel is set up: there is no Secret ${secret} in namespace ${namespace}, or nothing in it that is used.`,
    'For Telegram, write the token of the BotFather and the number of the chat into files that only you can read, then:',
    '',
    '  umask 077; cat > telegram-token; cat > telegram-chat        # paste, Enter, Ctrl-D, each',
    `  ${kubectl} create secret generic ${secret} --from-file=telegram-token --from-file=telegram-chat`,
    '  rm telegram-token telegram-chat',
    '',
    'A webhook and a heartbeat are the keys webhook-url and heartbeat-url of the same Secret: docs/alerts.md.',
  ].join('\n');
}
