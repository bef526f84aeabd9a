// What GlitchTip does beside taking events (settings.yaml): who may sign up, logs, uptime monitors, MCP, and whether it calls private addresses.
import * as z from 'zod';
import { RELEASES, type Release } from '../../operator/api/glitchtip-releases.js';
import { releaseFacts } from '../releases.js';
import { wholeNumber, yesOrNo } from './value-kinds.js';

/** What nobody has to ask the administrator for. All false: whoever is to have an account gets it from the administrator. */
export const registration = z.strictObject({
  /** Whoever reaches GlitchTip may make an account. While it is false, people without one cannot even be invited ("Only existing users may be invited"). */
  users: yesOrNo.default(false),
  /** Whoever signs in through a provider that the administrator set up gets an account. */
  singleSignOn: yesOrNo.default(false),
  /** Every user may make organizations. */
  organizations: yesOrNo.default(false),
}).prefault({});

export const logs = z.strictObject({
  /** Those of SDKs and of OpenTelemetry (/v1/logs) are kept, in PostgreSQL. */
  enabled: yesOrNo.default(false),
  /** Days that they are kept. Left out: as long as events. */
  retentionDays: wholeNumber(1, 3650, 'days').optional(),
}).superRefine(({ enabled, retentionDays }, context) => {
  if (!enabled && retentionDays !== undefined) context.addIssue({ code: 'custom', path: ['retentionDays'], message: `expected it with logs.enabled: true alone, found ${retentionDays} without` });
}).prefault({});

/** Private is what is not on the internet: 10.0.0.0/8 and the like, loopback, link-local, reserved (glitchtip/url_validation.py). */
const privateAddresses = yesOrNo.default(false);

export const uptime = z.strictObject({
  /** Monitors are there, and are checked. */
  enabled: yesOrNo.default(true),
  /** They may watch private addresses, of those in network.workerToPrivate. */
  privateAddresses,
}).prefault({});

/** Of alerts of GlitchTip's own. */
export const webhooks = z.strictObject({
  /** They may call private addresses, of those in network.workerToPrivate. */
  privateAddresses,
}).prefault({});

export const mcp = z.strictObject({
  /** Programs read issues, and resolve them, at /mcp, with the rights of whoever signs in or whose token they have. */
  enabled: yesOrNo.default(false),
}).prefault({});

interface Features {
  readonly version: Release;
  readonly logs: z.output<typeof logs>;
  readonly uptime: z.output<typeof uptime>;
  readonly webhooks: z.output<typeof webhooks>;
  readonly mcp: z.output<typeof mcp>;
  readonly network: { readonly workerToPrivate: readonly string[] };
}

interface Problem {
  readonly path: readonly string[];
  readonly message: string;
}

/** What a release does that has no switches for it (charts/releases.ts), and cannot do otherwise. */
const WITHOUT_SWITCHES: readonly { readonly of: (settings: Features) => boolean; readonly path: readonly string[]; readonly does: boolean; readonly why: string }[] = [
  { of: ({ logs: { enabled } }) => enabled, path: ['logs', 'enabled'], does: false, why: 'keeps no logs' },
  { of: ({ uptime: { enabled } }) => enabled, path: ['uptime', 'enabled'], does: true, why: 'always checks its uptime monitors' },
  { of: ({ uptime }) => uptime.privateAddresses, path: ['uptime', 'privateAddresses'], does: false, why: 'never asks whether an address is private: its monitors watch what network.workerToPrivate lets them reach' },
  { of: ({ webhooks: { privateAddresses: found } }) => found, path: ['webhooks', 'privateAddresses'], does: false, why: 'never asks whether an address is private: its webhooks call what network.workerToPrivate lets them reach' },
  { of: ({ mcp: { enabled } }) => enabled, path: ['mcp', 'enabled'], does: false, why: 'has no MCP server' },
];

/** What the release cannot do, and what the rest of the settings says against it. */
export function featureProblems(settings: Features): readonly Problem[] {
  const { version } = settings;
  return releaseFacts(version).hasSwitches ? privateProblems(settings) : WITHOUT_SWITCHES.flatMap(({ of, path, does, why }) => {
    const found = of(settings);
    return found === does ? [] : [{ path, message: `expected ${does} with version ${version}, which ${why}; found ${found}, which needs version ${WITH_SWITCHES}` }];
  });
}

const WITH_SWITCHES = RELEASES.filter((release) => releaseFacts(release).hasSwitches).join(' or ');

/** GlitchTip would call them, and no pod would be let out to them. */
function privateProblems({ uptime, webhooks, network: { workerToPrivate } }: Features): readonly Problem[] {
  const message = 'expected the networks that may be called in network.workerToPrivate, too, for the policies let no pod out to others; found none there';
  const open = [['uptime', uptime.privateAddresses], ['webhooks', webhooks.privateAddresses]] as const;
  return workerToPrivate.length > 0 ? [] : open.flatMap(([section, isOpen]) => (isOpen ? [{ path: [section, 'privateAddresses'], message }] : []));
}
