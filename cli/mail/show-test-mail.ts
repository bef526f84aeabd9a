// What became of test mails, and how a server is set where there is none: text for people.
import Table from 'cli-table3';
import type { Paint } from '../output.js';
import type { TestMail } from './test-mail.js';

export function renderTestMails(mails: readonly TestMail[], paint: Paint): string {
  const table = new Table({ head: ['from', 'server', 'as', 'result'], style: { head: [], border: [] } });
  for (const { part, server, tls, login, from, sent, reason } of mails) {
    table.push([part, server === null ? 'none' : `${server}, ${tls === 'none' ? 'without TLS' : tls ?? ''}${login ? ', with a login' : ''}`, from ?? '', sent ? paint('green', 'the server took it') : paint('red', reason ?? 'not sent')]);
  }
  const isSet = mails.some(({ server }) => server !== null);
  return isSet ? table.toString() : `${table.toString()}\nMails are written to the log: docs/runbooks/mail.md says how a server is set.`;
}
