// `glitchkeeper mail test ADDRESS`: has GlitchTip's own parts send a mail each, and shows what the server made of it.
import { GLITCHTIP_PARTS, sendTestMail, type TestMail } from '../mail/test-mail.js';
import { renderTestMails } from '../mail/show-test-mail.js';
import { Failure } from '../failure.js';
import { readResource } from '../glitchtip-resource-access.js';
import type { Context, ExitCode } from './command-context.js';

export async function testMail({ place, output }: Context, to: string): Promise<ExitCode> {
  if (!/^[^\s@-][^\s@]*@[^\s@]+$/.test(to)) throw new Failure('usage', `expected an e-mail address, found ${JSON.stringify(to)}`);
  const { spec } = await readResource(place);
  const parts = GLITCHTIP_PARTS.filter((part) => part === 'web' || spec.worker !== undefined);
  const mails: TestMail[] = [];
  for (const part of parts) {
    if (!output.json) output.say(`${part} sends a mail to ${to}`);
    mails.push(await sendTestMail(place, part, to));
  }
  if (output.json) output.printJson({ mails });
  else output.print(renderTestMails(mails, output.paint));
  if (mails.every(({ server }) => server === null)) return 2;
  return mails.every(({ sent }) => sent) ? 0 : 1;
}
