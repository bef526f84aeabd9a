// What a container leaves for the operator when it ends, in one line, and the failure that ends it: the same for a backup and for the way back.
import * as z from 'zod/mini';
import { cut } from '../../operator/core/text-limits.js';

/** Kubernetes cuts a termination message here. Bytes. */
const MESSAGE_LIMIT = 4_096;
const DETAIL_LIMIT = 1_000;

/** Of the report of whatever failed; its reasons are its own. */
export const failedFields = {
  result: z.literal('failed'),
  step: z.string().check(z.regex(/^[a-z-]+$/)),
  exitCode: z.optional(z.int()),
  detail: z.optional(z.string()),
};

interface Reported {
  readonly result: string;
  readonly detail?: string | undefined;
  /** Newest first. */
  readonly copies?: readonly unknown[];
}

/** One line. Of too many copies the oldest are left out. */
export function formatMessage(report: Reported): string {
  const { detail, copies } = report;
  if (detail !== undefined) return JSON.stringify({ ...report, detail: cut(detail, DETAIL_LIMIT) });
  if (copies === undefined) return JSON.stringify(report);
  for (let shown = copies.length; ; shown -= 1) {
    const text = JSON.stringify({ ...report, copies: copies.slice(0, shown) });
    if (Buffer.byteLength(text) <= MESSAGE_LIMIT || shown === 0) return text;
  }
}

/** A run ends here, with what the operator is told. */
export class RunFailure<Reason extends string> extends Error {
  constructor(readonly step: string, readonly reason: Reason, readonly detail: string, options?: ErrorOptions) {
    super(`${step}: ${reason}: ${detail}`, options);
  }

  get report(): { readonly result: 'failed'; readonly step: string; readonly reason: Reason; readonly detail: string } {
    return { result: 'failed', step: this.step, reason: this.reason, detail: this.detail };
  }
}
