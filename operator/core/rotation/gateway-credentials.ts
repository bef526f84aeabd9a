// The gateway's passwords in Postgres and Valkey and its token: replaced once the application's are proven, then its pods are rolled.
//
// Its login in Postgres has one password at a time, as the operator's own has. Between the new one in Postgres and its new pods it reads
// with the connections that it has, or waits: it takes events from its own disk meanwhile, and refuses none.
import { gatewayLoginName } from '../../api/object-names.js';
import { valueOf } from '../credentials/generated-secrets.js';
import { act, firstUnmet, MET, wait } from './protocol.js';
import { templateMark } from './pod-rollout.js';
import { secretWrite } from './secret-generations.js';
import type { RotationStep, Underway } from './step-input.js';

const KEYS = { 'database-password': 'gateway-database-password', 'valkey-password': 'gateway-valkey-password', 'control-token': 'gateway-control-token' } as const;

/** After the point of no return: Postgres has the new password, then the Secret, then its pods. */
export function gatewayStep(underway: Underway): RotationStep {
  if (!underway.spec.gateway || !underway.rotation.credentials.includes('gateway')) return MET;
  return firstUnmet([() => loginStep(underway), () => secretStep(underway), () => rollStep(underway)]);
}

function loginStep({ spec, values, rollout: { gatewayLogin } }: Underway): RotationStep {
  if (gatewayLogin.kind === 'unreachable') return wait(`Postgres does not answer (${gatewayLogin.why})`);
  if (gatewayLogin.kind === 'accepted') return MET;
  return act({ kind: 'open login', role: gatewayLoginName(spec.database.name), password: values.next['gateway-database-password'] });
}

function secretStep({ spec, observed: { secrets: { gateway: secret } }, values, now }: Underway): RotationStep {
  const data = new Map(Object.entries(KEYS).map(([key, name]) => [key, values.next[name]]));
  if ([...data].every(([key, value]) => valueOf(secret, key)?.reveal() === value.reveal())) return MET;
  const write = secretWrite({ role: 'gateway', name: spec.secrets.gateway, secret, data, renewed: true, now });
  return write ? act(write) : wait('the Secret of the gateway cannot be read');
}

function rollStep({ rotation, rollout: { gateway } }: Underway): RotationStep {
  if (!gateway) return wait('the Deployment of the gateway is not there');
  if (gateway.rotation !== templateMark(rotation)) return act({ kind: 'roll', workload: gateway.name, rotation: templateMark(rotation) });
  return gateway.pending === undefined ? MET : wait(`Deployment ${gateway.name}: ${gateway.pending}`);
}
