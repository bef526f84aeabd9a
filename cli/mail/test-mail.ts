// A test mail by the Python that sends GlitchTip's mails, in its own container (charts/runtime/mail_test.py).
import * as z from 'zod';
import { readJson } from '../../operator/core/json-text.js';
import { Failure } from '../failure.js';
import { runInside, type Place } from '../glitchtip-resource-access.js';

/** Those that send mails: password resets and invitations, alerts. */
export const GLITCHTIP_PARTS = ['web', 'worker'] as const;
export type MailPart = (typeof GLITCHTIP_PARTS)[number];

const result = z.object({
  sent: z.boolean(),
  /** host:port; null: none is set. */
  server: z.string().nullable(),
  tls: z.string().optional(),
  login: z.boolean().optional(),
  from: z.string().optional(),
  reason: z.string().optional(),
});
export type TestMail = z.output<typeof result> & { readonly part: MailPart };

/** @throws Failure when it cannot be run there */
export async function sendTestMail(place: Place, part: MailPart, to: string): Promise<TestMail> {
  const said = await runInside(place, { deployment: part, container: part }, ['python', '/glitchkeeper/mail_test.py', to]);
  const line = said.trim().split('\n').at(-1) ?? '';
  const parsed = result.safeParse(readJson(line));
  if (!parsed.success) throw new Failure('other', `${part} does not say what became of the mail: are the manifests older than this program? (npm run synth && kubectl apply -f dist/)`);
  return { part, ...parsed.data };
}
