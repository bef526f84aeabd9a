// What GlitchTip 6.2's worker failed at, or left, deleted as its runbook has it.
import { healthRelease } from '../../../operator/core/health/release-facts.js';
import { valkey } from './queue-access.js';
import type { Stack } from './stack.js';
import { sql } from './stored-events.js';

/**
 * What GlitchTip 6.2 failed at, or left by a worker that was killed, stays until a person deletes it, and is told as long
 * (docs/runbooks/events-lost.md). The gateway gives the events again.
 */
export async function deleteLostTasks(stack: Stack): Promise<void> {
  if (stack.parts.includes('valkey')) {
    await valkey(stack, 'DEL vtasks:q:failed');
    return;
  }
  const { inTable } = healthRelease(stack.release);
  if (inTable === undefined) throw new Error(`GlitchTip ${stack.release} has no queue in Postgres`);
  await sql(stack, `DELETE FROM ${inTable.table} t WHERE status = 'FAILED' OR (status = 'PROCESSING' AND NOT EXISTS (
    SELECT FROM ${inTable.metadata} m WHERE m.key = 'worker_alive:' || t.worker_id AND m.expires_at > now()))`);
}
