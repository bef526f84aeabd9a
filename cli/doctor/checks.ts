// Every check of `glitchkeeper doctor`, from the outside in.
import { checkAlerts } from './alerts.js';
import { checkCluster } from './cluster.js';
import { checkConditions } from './conditions.js';
import { checkExposure } from './exposure.js';
import type { Facts } from './facts.js';
import type { Finding } from './finding.js';
import { checkHost } from './host.js';
import { checkLimits } from './limits.js';
import { checkNamespace } from './namespace.js';
import { checkOperator, checkResource } from './operator.js';
import { checkProbes } from './probes.js';
import { checkRegistration } from './registration.js';
import { checkWorkloads } from './workloads.js';

const CHECKS: readonly ((facts: Facts) => readonly Finding[])[] = [
  checkCluster, checkNamespace, checkOperator, checkResource, checkWorkloads, checkExposure, checkHost, checkRegistration, checkProbes, checkLimits, checkAlerts, checkConditions,
];

export function examine(facts: Facts): readonly Finding[] {
  return CHECKS.flatMap((check) => check(facts));
}
