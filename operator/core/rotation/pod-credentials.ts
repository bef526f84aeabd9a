// Which credentials pods read at their start: only these need new pods.
import type { CredentialName } from '../../api/rotation-fields.js';

const READ_BY_PODS: readonly CredentialName[] = ['secret-key', 'postgres', 'valkey'];

export function changesCredentialOfPods(credentials: readonly CredentialName[]): boolean {
  return credentials.some((name) => READ_BY_PODS.includes(name));
}
