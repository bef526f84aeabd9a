// A root cause: what diagnose finds, incidents track and messages report.
import type { RepairKind, Severity } from '../../api/health-fields.js';
import type { HealthReason } from '../../api/health-reasons.js';

export interface Cause {
  readonly reason: HealthReason;
  /** web, worker, postgres, valkey, operator, node, ingest, certificate, credentials, or the name of a volume. With the reason it names the incident. */
  readonly part: string;
  readonly severity: Severity;
  /** What was found, with its figures; never a credential. One sentence. */
  readonly message: string;
  /** What to do about it: one sentence, with the command where there is one. */
  readonly advice: string;
  /** What else is wrong only because of it: "web answers 500", "events are not stored". */
  readonly explains: readonly string[];
  /** What may repair it. */
  readonly healing?: RepairKind;
  /** What keeps that from being done now, after its name: "waits for ...". */
  readonly obstacle?: string;
}
