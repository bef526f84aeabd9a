// Health and alerts in the GlitchTip resource: thresholds and channels in the spec, incidents in the status.
import * as z from 'zod/mini';

import { HEALTH_REASONS } from './health-reasons.js';
import { ALERTS_SECRET } from './object-names.js';
import { openWord } from './open-word.js';

/** What can be wrong: `critical`: events are lost or soon will be, or nobody can get in; `warning`: it works, but not for long. */
export const SEVERITIES = ['critical', 'warning'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What the operator may do by itself when it found the cause. */
export const REPAIR_KINDS = ['migrate', 'maintain-partitions', 'restart-worker'] as const;
export type RepairKind = (typeof REPAIR_KINDS)[number];

/** Where alerts go. Each is used when its keys are in the alerts' Secret. */
export const CHANNELS = ['telegram', 'webhook', 'heartbeat'] as const;
export type Channel = (typeof CHANNELS)[number];

/** Keys of the alerts' Secret; all may be absent. */
export const ALERT_SECRET_KEYS = ['telegram-token', 'telegram-chat', 'telegram-api', 'webhook-url', 'heartbeat-url'] as const;

const describe = (description: string) => z.meta({ description });
const instant = () => z.string().check(z.meta({ format: 'date-time' }));
const objectName = () => z.string().check(z.regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/), z.maxLength(253));
const count = (least: number, most: number, value: number, what: string) => z._default(z.int().check(z.gte(least), z.lte(most)), value).check(describe(what));

export const healthSpec = z.object({
  enabled: z._default(z.boolean(), true).check(describe('Whether the operator checks health at all.')),
  everySeconds: count(10, 3_600, 30, 'Seconds from the beginning of a check to that of the next while all is well; while something is suspect the next one comes after at most 10 s.'),
  failuresToOpen: count(1, 20, 3, 'Failed checks in a row that open an incident.'),
  successesToClose: count(1, 20, 2, 'Checks in a row without the cause that close it.'),
  storedWithinSeconds: count(1, 25, 5, 'Seconds from an accepted event to the stored one; later is a failed check.'),
  heal: z._default(z.array(z.enum(REPAIR_KINDS)).check(z.maxLength(REPAIR_KINDS.length), z.meta({ 'x-kubernetes-list-type': 'set' })), [...REPAIR_KINDS]).check(
    describe('What the operator repairs by itself. Empty: it only alerts.'),
  ),
}).check(describe('How closely the operator watches.'));

export const alertsSpec = z.object({
  secret: z._default(objectName(), ALERTS_SECRET).check(describe('Secret with the addresses and tokens of alerts. It may be absent: then conditions, events and metrics are all.')),
  repeatHours: count(1, 168, 4, 'Hours after which an open incident is notified again.'),
  reportHours: count(0, 168, 0, 'Hours between two reports that all is well, or what is not. 0: none.'),
}).check(describe('Where alerts go.'));

const incident = z.object({
  id: z.string(),
  reason: openWord(Object.values(HEALTH_REASONS)),
  part: z.string(),
  severity: openWord(SEVERITIES),
  since: instant().check(describe('When the first of the failed checks was.')),
  message: z.string().check(describe('What was found.')),
  advice: z.string().check(describe('What to do about it.')),
  explains: z.optional(z.array(z.string())).check(describe('What else is wrong only because of it.')),
  healing: z.optional(z.string()).check(describe('What the operator is doing about it.')),
}).check(describe('Something that is wrong, by its root cause.'));

/** Figures of the last check; what could not be seen is absent. */
const figures = z.object({
  eventSeconds: z.optional(z.number()).check(describe('From the operator\'s own event accepted to stored.')),
  queueDepth: z.optional(z.int()),
  oldestTaskSeconds: z.optional(z.number()),
  partitionDays: z.optional(z.number()).check(describe('Days for which the tables of events have partitions.')),
  partitionMissingDays: z.optional(z.number()).check(describe('Days of partitions that are missing against what a daily maintenance leaves at the least; 0: none.')),
  databaseBytes: z.optional(z.int()),
  connections: z.optional(z.int()),
  connectionsMax: z.optional(z.int()),
  longestTransactionSeconds: z.optional(z.number()),
  valkeyBytes: z.optional(z.int()),
  valkeyMaxBytes: z.optional(z.int()),
  spoolBytes: z.optional(z.int()).check(describe('On the gateway\'s disk, and not stored by GlitchTip yet.')),
  spoolMaxBytes: z.optional(z.int()),
  spoolOldestSeconds: z.optional(z.number()).check(describe('Since the oldest of it was received.')),
  setAside: z.optional(z.int()).check(describe('Requests that could not be stored and wait for a person.')),
  leftOut: z.optional(z.array(z.object({ project: z.int(), type: z.string(), items: z.int() }))).check(
    describe('What was left out most since the gateway started, by project and type of item, for GlitchTip does not keep it.'),
  ),
  oldWaiting: z.optional(z.int()).check(describe('Requests that wait for the old server of a move.')),
  oldDropped: z.optional(z.int()).check(describe('Requests that were dropped for the one of the two that does not lead, for its share of the spool was full.')),
  oldRefused: z.optional(z.int()).check(describe('Requests that the old server refused.')),
  parts: z.optional(z.array(z.object({
    name: z.string(),
    ready: z.boolean(),
    restarts: z.int(),
    memoryBytes: z.optional(z.int()),
    memoryLimitBytes: z.optional(z.int()),
  })).check(z.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }))),
  volumes: z.optional(z.array(z.object({ name: z.string(), usedBytes: z.int(), capacityBytes: z.int() })).check(
    z.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  )),
  certificateDays: z.optional(z.number()).check(describe('Days until the certificate of `web.tls`, or the one that is served by `https`, ends.')),
});

const repair = z.object({ at: instant(), healing: openWord(REPAIR_KINDS), reason: z.string(), message: z.string() });

const channelStatus = z.object({
  name: openWord(CHANNELS),
  lastSentAt: z.optional(instant()),
  error: z.optional(z.string()).check(describe('Why the last try failed; never an address or a token.')),
  waiting: z._default(z.int(), 0).check(describe('Messages that are not sent yet.')),
});

export const healthStatus = z.object({
  checkedAt: z.optional(instant()).check(describe('Written at least every 5 minutes, not with each check.')),
  incidents: z.optional(z.array(incident).check(z.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['id'] }))),
  figures: z.optional(figures),
  repairs: z.optional(z.array(repair)).check(describe('What the operator did by itself, newest first; the last 10.')),
  channels: z.optional(z.array(channelStatus).check(z.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }))),
  alertTest: z.optional(z.object({
    id: z.string().check(describe('Value of the annotation that asked for it.')),
    at: instant(),
    results: z.array(z.object({ channel: openWord(CHANNELS), error: z.optional(z.string()) })),
  })).check(describe('The last test message that was asked for, and what came of it.')),
});

export type HealthStatus = z.output<typeof healthStatus>;
export type HealthFigures = z.output<typeof figures>;
export type IncidentStatus = z.output<typeof incident>;
export type ChannelStatus = z.output<typeof channelStatus>;
export type Repair = z.output<typeof repair>;
