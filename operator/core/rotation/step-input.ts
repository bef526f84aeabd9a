// What every step of a rotation is decided from.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { Observed, ObservedRollout } from '../credentials/observed.js';
import type { Crypto } from '../credentials/generated-secrets.js';
import type { RotationAction } from './actions.js';
import type { Rotation, Values } from './journal.js';
import type { Row, Step, ValueSet } from './protocol.js';

/** A rotation that has started, and the observed state. */
export interface Underway {
  readonly spec: GlitchTipSpec;
  readonly rotation: Rotation;
  readonly row: Row;
  readonly values: Readonly<Record<ValueSet, Values>>;
  readonly observed: Observed;
  readonly rollout: ObservedRollout;
  readonly now: Date;
  readonly crypto: Pick<Crypto, 'sha256'>;
}

export type RotationStep = Step<RotationAction>;

/** The values to revoke: those that are not published. */
export function setToRevoke({ row }: Pick<Underway, 'row'>): ValueSet {
  return row.published === 'next' ? 'previous' : 'next';
}
