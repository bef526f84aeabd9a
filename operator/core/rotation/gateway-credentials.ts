// The gateway's passwords in Postgres and Valkey and its token: replaced once the application's are proven, then its pods are rolled.
//
// Its login in Postgres has one password at a time, as the operator's own has. Between the new one in Postgres and its new pods it reads
// with the connections that it has, or waits: it takes events from its own disk meanwhile, and refuses none.
import { gatewayLoginName } from '../../api/object-names.js';
import { isOldLeftBehind } from './compromise.js';
import { partLoginStep } from './part-login.js';
import { templateMark } from './pod-rollout.js';
import { act, firstUnmet, MET, wait } from './protocol.js';
import type { RotationStep, Underway } from './step-input.js';

const KEYS = { 'database-password': 'gateway-database-password', 'valkey-password': 'gateway-valkey-password', 'control-token': 'gateway-control-token' } as const;

/** After the point of no return: Postgres has the new password, then the Secret, then its pods. */
export function gatewayStep(underway: Underway): RotationStep {
  const { spec, rotation, rollout: { gatewayLogin } } = underway;
  if (!spec.gateway || !rotation.credentials.includes('gateway')) return MET;
  const login = { part: 'gateway', login: gatewayLoginName(spec.database.name), tried: gatewayLogin, keys: KEYS } as const;
  return firstUnmet([() => partLoginStep(underway, login), () => rollStep(underway)]);
}

function rollStep(underway: Underway): RotationStep {
  const { rotation, rollout: { gateway } } = underway;
  if (!gateway) return wait('the Deployment of the gateway is not there');
  if (gateway.rotation !== templateMark(rotation)) return act({ kind: 'roll', workload: gateway.name, rotation: templateMark(rotation) });
  // One that runs on reads the Secret that it mounts for each connection.
  return gateway.pending === undefined || isOldLeftBehind(underway) ? MET : wait(`Deployment ${gateway.name}: ${gateway.pending}`);
}
