// The section `move` of settings.yaml: the Sentry, or the GlitchTip, that this one takes the place of.
import * as z from 'zod';
import { faultOfEndpoint, faultOfReach } from './store-address.js';
import { network, show, wholeNumber } from './value-kinds.js';

const EXAMPLE = 'https://sentry.example.com';
const SLUG = 'the slug of an organization on the old one, such as acme';

export const move = z.strictObject({
  /** URL by which the old one is reached. Left out: there is no move, and nothing of it is in the manifests. */
  from: z.string({ error: (issue) => `expected the URL of the server, such as ${EXAMPLE}, found ${show(issue.input)}` }).superRefine((url, context) => {
    const fault = faultOfEndpoint(url, EXAMPLE);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  }).optional(),
  /** Slug, there, of the organization whose teams, projects, keys and people are imported. */
  organization: z.string({ error: (issue) => `expected ${SLUG}, found ${show(issue.input)}` })
    .regex(/^[a-z0-9]([a-z0-9_-]{0,98}[a-z0-9])?$/, { error: (issue) => `expected ${SLUG}, found ${show(issue.input)}` }).optional(),
  /** Where the old one is in no public network: its address, or its network. Then the gateway is let out to these alone. */
  privateNetworks: z.array(network).default([]),
  /** Percent of gateway.spool that events may take which only that one of the two waits for that does not lead. Beyond it the oldest are dropped, for it alone. */
  share: wholeNumber(1, 100, 'percent').default(25),
}).superRefine(({ from, organization, privateNetworks }, context) => {
  const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  if (from === undefined) {
    if (organization !== undefined) issue('from', `expected the URL of the old server with move.organization, such as ${EXAMPLE}, found nothing`);
    return;
  }
  if (organization === undefined) issue('organization', `expected ${SLUG}, with move.from; found nothing`);
  if (faultOfEndpoint(from) !== undefined) return;
  const fault = faultOfReach(new URL(from), { style: 'path', privateNetworks });
  if (fault !== undefined) issue(fault.path, fault.message);
}).prefault({});

/** What the rest of the settings says against it. */
export function moveProblems({ domain, move: { from }, gateway: { enabled } }: Others): readonly { readonly path: readonly string[]; readonly message: string }[] {
  if (from === undefined) return [];
  const problem = (message: string) => [{ path: ['move', 'from'], message }];
  if (!enabled) return problem('expected it with the gateway alone, which gives each event to both; found gateway.enabled: false');
  return originOf(from) !== undefined && originOf(from) === originOf(domain) ? problem(`expected another server than this one, which is domain; found ${show(from)}`) : [];
}

interface Others {
  readonly domain: string;
  readonly move: { readonly from?: string | undefined };
  readonly gateway: { readonly enabled: boolean };
}

/** Undefined: it is no address, which was said already. */
function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
