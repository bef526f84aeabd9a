// The password of the login that dumps. No pod is rolled for it: the Job of a backup reads the Secret when it starts, and none starts beside a rotation.
import { backupLoginName } from '../../api/object-names.js';
import { partLoginStep } from './part-login.js';
import { MET } from './protocol.js';
import type { RotationStep, Underway } from './step-input.js';

const KEYS = { 'database-password': 'backup-database-password' } as const;

/** After the point of no return. */
export function backupStep(underway: Underway): RotationStep {
  const { spec, rotation, rollout: { backupLogin } } = underway;
  if (!spec.backup || !rotation.credentials.includes('backup')) return MET;
  return partLoginStep(underway, { part: 'backup', login: backupLoginName(spec.database.name), tried: backupLogin, keys: KEYS });
}
