// Diagnosis: what was seen becomes causes, each the root of what follows from it. Pure.
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import type { IncidentStatus } from '../../api/health-fields.js';
import { ageRules } from './age-rules.js';
import { backupRules } from './backup-rules.js';
import type { Cause } from './root-cause.js';
import { inNamespace } from './remedy-commands.js';
import { databaseRules } from './database-rules.js';
import { explains } from './cause-precedence.js';
import type { Finding, Rule, CheckInput } from './rule-finding.js';
import { gatewayRules } from './gateway-rules.js';
import { httpsRules } from './https-rules.js';
import { ingestRules } from './ingest-rules.js';
import { moveRules } from './move-rules.js';
import { podRules } from './pod-rules.js';
import { queueRules } from './queue-rules.js';
import { isObserved } from './unobserved.js';
import { restoreRules } from './restore-rules.js';
import { upgradeRules } from './upgrade-rules.js';
import { tunnelRules } from './tunnel-rules.js';
import { webRules } from './web-rules.js';

/** The order of causes of equal severity: infrastructure first. */
const RULES: readonly Rule[] = [...podRules, ...databaseRules, ...queueRules, ...webRules, ...gatewayRules, ...ingestRules, ...httpsRules, ...tunnelRules, ...backupRules, ...restoreRules, ...upgradeRules, ...moveRules, ...ageRules];

/** Parts of the whole that have a condition of their own. */
export type Aspect = 'web' | 'worker' | 'ingest';

export interface Diagnosis {
  /** Critical ones first. */
  readonly causes: readonly Cause[];
  /** The root of what is wrong with an aspect. */
  readonly affected: Readonly<Partial<Record<Aspect, Cause>>>;
  /** As planned: it starts, or is about to be worked off. */
  readonly quiet: readonly Aspect[];
}

/** A cause that is being followed already. */
export type Known = Pick<IncidentStatus, 'reason' | 'part' | 'severity' | 'message' | 'advice'>;

/** `known`: causes of before; what they rest on and cannot be seen now is taken to be as it was. */
export function diagnose(input: CheckInput, known: readonly Known[] = []): Diagnosis {
  const fresh = dedupe(RULES.flatMap((rule) => rule(input)));
  const findings = [...fresh, ...known.filter((each) => isStillBelieved(each, fresh, input)).map(asFinding)];
  const rooted = findings.map((effect) => ({ effect, root: rootOf(effect, findings) }));
  const causes = findings.filter((found) => !found.quiet && rooted.some(({ effect, root }) => effect === found && root === found)).map((root) => {
    const symptoms = rooted.filter((each) => each.root === root && each.effect !== root && !each.effect.quiet).map(({ effect }) => effect.symptom);
    return asCause({ ...root, advice: inNamespace(root.advice, input.facts.cluster.namespace) }, [...new Set(symptoms)]);
  });
  const causeOf = (aspect: Aspect) => {
    const root = rooted.find(({ effect, root: { quiet } }) => aspectsOf(effect).includes(aspect) && !quiet)?.root;
    return root && causes.find(({ reason, part }) => reason === root.reason && part === root.part);
  };
  const quiet = rooted.filter(({ root }) => root.quiet).flatMap(({ effect }) => aspectsOf(effect));
  return { causes: [...causes].sort(bySeverity), affected: { web: causeOf('web'), worker: causeOf('worker'), ingest: causeOf('ingest') }, quiet: [...new Set(quiet)] };
}

/** The API server does not answer: what was wrong before still is, as far as anybody knows. */
export function diagnoseUnreachable(why: string, seconds: number, known: readonly Known[]): readonly Cause[] {
  const unreachable: Cause = {
    reason: HEALTH_REASONS.KubernetesUnreachable, part: 'node', severity: 'critical',
    message: `The API server has not answered for ${Math.round(seconds)} s (${why}): pods cannot be seen, and nothing is started again.`,
    advice: 'On the host: systemctl status k3s, journalctl -u k3s -e, df -h.',
    explains: [],
  };
  return [unreachable, ...known.filter(({ reason }) => reason !== HEALTH_REASONS.KubernetesUnreachable).map((each) => asCause(asFinding(each), []))];
}

function isStillBelieved({ reason, part }: Known, fresh: readonly Finding[], input: CheckInput): boolean {
  return !fresh.some((found) => found.reason === reason && found.part === part) && !isObserved(reason, input);
}

function asFinding({ reason, part, severity, message, advice }: Known): Finding {
  return { reason, part, severity, message, advice, symptom: message.replace(/\.$/, '') };
}

function asCause({ reason, part, severity, message, advice, healing, obstacle }: Finding, symptoms: readonly string[]): Cause {
  return { reason, part, severity, message, advice, explains: symptoms, ...(healing ? { healing } : {}), ...(obstacle === undefined ? {} : { obstacle }) };
}

/** Up to what nothing else explains. */
function rootOf(found: Finding, findings: readonly Finding[], passed: readonly Finding[] = []): Finding {
  // A warning is no reason for what is worse: a volume with some room left refuses nothing.
  const explainer = findings.find((other) => !passed.includes(other) && explains(other, found) && (other.severity === 'critical' || found.severity === 'warning'));
  return explainer ? rootOf(explainer, findings, [...passed, found]) : found;
}

/** Two rules may see the same thing; the first one is the more exact. */
function dedupe(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ reason, part }, index) => findings.findIndex((other) => other.reason === reason && other.part === part) === index);
}

const OF_EVENTS: readonly string[] = [HEALTH_REASONS.IngestRefused, HEALTH_REASONS.EventsNotStored, HEALTH_REASONS.EventsLost, HEALTH_REASONS.WorkerStuck, HEALTH_REASONS.Backlog, HEALTH_REASONS.QueueFull, HEALTH_REASONS.PartitionsMissing, HEALTH_REASONS.WebDown, HEALTH_REASONS.GatewayDown, HEALTH_REASONS.HttpsDown, HEALTH_REASONS.TunnelDown, HEALTH_REASONS.CertificateNotServed, HEALTH_REASONS.CertificateNotIssued];

function aspectsOf({ reason, part, severity }: Finding): readonly Aspect[] {
  const own: readonly Aspect[] = part === 'web' || part === 'worker' ? [part] : [];
  // A loss of some time ago still has to be looked at, while events are stored again.
  const isOver = reason === HEALTH_REASONS.EventsLost && severity === 'warning';
  return OF_EVENTS.includes(reason) && !isOver ? [...own, 'ingest'] : own;
}

function bySeverity(a: Cause, b: Cause): number {
  return Number(a.severity !== 'critical') - Number(b.severity !== 'critical');
}
