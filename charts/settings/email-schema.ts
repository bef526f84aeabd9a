// The section `email` of settings.yaml: by which server mails go, and as whom.
import * as z from 'zod';
import { network as cidr, objectName, show, tcpPort } from './value-kinds.js';

const NONE = 'consolemail://';

export const email = z.strictObject({
  /** GlitchTip's EMAIL_URL of a server that asks for no login; consolemail:// writes mails to the log. */
  url: z.string().regex(/^(consolemail:\/\/|smtp(\+tls|\+ssl)?:\/\/[\w.-]+(:\d+)?(\/?\?[\w=&.-]+)?)$/, {
    error: (issue) => `expected consolemail:// or smtp://host:port without a password, found ${show(issue.input, true)}`,
  }).default(NONE),
  from: z.email({ error: (issue) => `expected an e-mail address, found ${show(issue.input)}` }).default('glitchtip@example.com'),
  /** Secret of a server with a login: key `url` (smtp+tls://user:password@host:587), or `host`, `user`, `password`, and where they differ `port` and `tls` (starttls, ssl, none). A person makes it. */
  secret: objectName('Secret').optional(),
  /** Of the server in that Secret: pods are let out by it. */
  port: tcpPort.default(587),
  /** Networks of a server, or a relay, that is not on the internet. */
  privateNetworks: z.array(cidr).default([]),
}).superRefine(({ url, secret }, context) => {
  if (secret !== undefined && url !== NONE) context.addIssue({ code: 'custom', path: ['url'], message: `expected none beside email.secret, which names the server; found ${show(url)}` });
}).prefault({});

const USUAL_PORTS: Readonly<Record<string, number>> = { 'smtp:': 25, 'smtp+tls:': 587, 'smtp+ssl:': 465 };

/** The port by which mails leave; undefined: none do. */
export function mailPort({ url, secret, port }: z.output<typeof email>): number | undefined {
  if (secret !== undefined) return port;
  if (url === NONE) return undefined;
  const { protocol, port: own } = new URL(url);
  return own === '' ? USUAL_PORTS[protocol] ?? 25 : Number(own);
}
