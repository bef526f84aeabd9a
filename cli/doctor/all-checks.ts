// Every check of `glitchkeeper doctor`, from the outside in.
import { checkAcme } from './acme-checks.js';
import { checkAlerts } from './alerting-checks.js';
import { checkBackups } from './backup-checks.js';
import { checkCluster } from './cluster-checks.js';
import { checkConditions } from './condition-checks.js';
import { checkExposure, checkPlainEvents } from './exposure-checks.js';
import type { Facts } from './gathered-facts.js';
import type { Finding } from './check-result.js';
import { checkLeftOut } from './left-out-checks.js';
import { checkMove } from './move-checks.js';
import { checkHost } from './address-checks.js';
import { checkNetworks } from './network-checks.js';
import { checkImages } from './image-checks.js';
import { checkLimits } from './limit-checks.js';
import { checkNamespace } from './namespace-checks.js';
import { checkOutside } from './outside-checks.js';
import { checkOperator, checkResource } from './operator-checks.js';
import { checkProbes } from './probe-checks.js';
import { checkRegistration } from './registration-checks.js';
import { checkRestore } from './restore-checks.js';
import { checkWorkloads } from './workload-checks.js';

const CHECKS: readonly ((facts: Facts) => readonly Finding[])[] = [
  checkOutside, checkAcme, checkCluster, checkNamespace, checkOperator, checkResource, checkWorkloads, checkImages, checkExposure, checkPlainEvents, checkNetworks, checkHost, checkRegistration, checkProbes, checkLimits, checkLeftOut, checkAlerts, checkBackups, checkRestore, checkMove, checkConditions,
];

export function examine(facts: Facts): readonly Finding[] {
  return CHECKS.flatMap((check) => check(facts));
}
