// Rules about the gateway: does its disk fill up, and has it put events aside that a person has to look at?
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import type { Before, Facts, GatewayFacts } from './health-facts.js';
import { bytes, duration, finding, percent, secondsSince, type Finding, type Rule, type CheckInput } from './rule-finding.js';
import { partOf } from './part-state.js';

const R = HEALTH_REASONS;
/** Told from here on, whatever the pace. */
const FILLING_SHARE = 0.5;
/** From here on the project that fills it is refused (KEPT_FOR_OTHERS in gateway/core/project-shares.ts). */
const FULL_SHARE = 15 / 16;
/** With less time left than this it is told even when little is in it: an evening's warning. Seconds. */
const WARNED_BEFORE = 4 * 3_600;
/** Less time left than this is as good as full. Seconds. */
const SOON = 1_800;
/** Below this share a pace says little. */
const LEAST_SHARE = 0.05;
/** Over which time the growth is measured, at least. Seconds. */
const GROWTH_SPAN = 60;

export const gatewayRules: readonly Rule[] = [silentGateway, filling, setAside];

/** It is Ready, takes events, and cannot be asked; without a Ready pod the rules of pods are more exact. */
function silentGateway({ facts, now }: CheckInput): readonly Finding[] {
  const { gateway } = facts;
  if (gateway.kind !== 'unreachable' && gateway.kind !== 'refused') return [];
  if (partOf(facts, 'gateway', now)?.isReady !== true) return [];
  return [finding(R.GatewaySilent, 'gateway', 'warning', {
    message: `The gateway ${gateway.kind === 'refused' ? 'refuses the token of its Secret' : `does not answer on its control port (${gateway.why})`}: what waits on its disk is not known.`,
    advice: 'kubectl logs deployment/gateway; kubectl rollout restart deployment/gateway refuses no event.',
    symptom: 'the gateway does not say what waits on its disk',
  })];
}

function filling({ facts: { gateway, before }, now }: CheckInput): readonly Finding[] {
  if (gateway.kind !== 'seen' || gateway.value.limitBytes === 0) return [];
  const { liveBytes, limitBytes } = gateway.value;
  const left = secondsUntilFull(gateway.value, before, now);
  if (!isFilling(gateway.value, left)) return [];
  const use = `The gateway's spool is ${percent(liveBytes, limitBytes)} full (${bytes(liveBytes)} of ${bytes(limitBytes)})${whyItFills(gateway.value)}`;
  const words = {
    advice: 'Find out why GlitchTip does not take them (glitchkeeper status), or raise gateway.spool in settings.yaml and apply it: the gateway takes the new size although the claim keeps its own (docs/runbooks/move-volume.md), and nothing that waits is lost.',
    symptom: `the gateway's spool is ${percent(liveBytes, limitBytes)} full${left === undefined ? '' : `, and full in ${duration(left)}`}`,
  };
  if (liveBytes >= limitBytes * FULL_SHARE) return [finding(R.SpoolFilling, 'gateway', 'critical', { message: `${use}: SDKs are told to wait (429), and lose what they cannot keep.`, ...words })];
  if (left === undefined) return [finding(R.SpoolFilling, 'gateway', 'warning', { message: `${use}: it does not grow at present.`, ...words })];
  return [finding(R.SpoolFilling, 'gateway', left < SOON ? 'critical' : 'warning', { message: `${use}: at this rate events are refused in ${duration(left)}.`, ...words })];
}

/** @param left seconds until it is full */
function isFilling({ liveBytes, limitBytes }: GatewayFacts, left: number | undefined): boolean {
  if (liveBytes >= limitBytes * FILLING_SHARE) return true;
  return left !== undefined && left < WARNED_BEFORE && liveBytes >= limitBytes * LEAST_SHARE;
}

function whyItFills({ held, closed }: GatewayFacts): string {
  if (held !== undefined) return `, held (${held})`;
  return closed === undefined ? '' : `, and GlitchTip takes nothing (${closed})`;
}

/** Undefined while it does not grow, or nobody knows yet. */
function secondsUntilFull({ liveBytes, limitBytes }: GatewayFacts, { samples }: Before, now: Date): number | undefined {
  const older = samples.findLast(({ at, spoolBytes }) => spoolBytes !== undefined && secondsSince(at, now) >= GROWTH_SPAN);
  if (older?.spoolBytes === undefined) return undefined;
  const rate = (liveBytes - older.spoolBytes) / secondsSince(older.at, now);
  return rate <= 0 ? undefined : (limitBytes - liveBytes) / rate;
}

/** Of a way back that a person may still choose: how much of what was stored since will be missing then. Empty: nothing. */
export function missingOnTheWayBack({ gateway }: Facts): string {
  const went = gateway.kind === 'seen' ? gateway.value.keptDropped : 0;
  return went === 0 ? '' : ` ${went} ${went === 1 ? 'request that it kept is' : 'requests that it kept are'} gone, for events that came needed the room: after --undo they are missing.`;
}

function setAside({ facts: { gateway } }: CheckInput): readonly Finding[] {
  if (gateway.kind !== 'seen' || gateway.value.setAside === 0) return [];
  const { setAside: count, setAsideDropped: dropped, damaged } = gateway.value;
  const disk = damaged === 0 ? '' : ` ${damaged} ${damaged === 1 ? 'place' : 'places'} of its disk could not be read, and what lay there is among them.`;
  return [finding(R.EventsSetAside, 'gateway', 'warning', {
    message: `${count} ${count === 1 ? 'request' : 'requests'} that SDKs sent could not be stored, and ${count === 1 ? 'is' : 'are'} kept aside.${dropped === 0 ? '' : ` ${dropped} older ${dropped === 1 ? 'one was' : 'ones were'} dropped: there is no more room.`}${disk}`,
    advice: `glitchkeeper spool list shows each with the reason; glitchkeeper spool resend or drop decides.${damaged === 0 ? '' : ' Look at the disk under the gateway: dmesg on the host.'}`,
    symptom: `${count} requests are set aside`,
  })];
}
