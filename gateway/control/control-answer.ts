// A request to the control port, and what is answered to it, before it is written to a connection.
import type { ControlRefusal, RecordLine } from './control-answers.js';
import type { FoundRecord } from './records.js';

export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  /** When nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export type ControlAnswer =
  | { readonly kind: 'json'; readonly status: number; readonly body?: object; readonly allow?: string }
  | { readonly kind: 'lines'; readonly lines: AsyncIterable<RecordLine> }
  | { readonly kind: 'record'; readonly record: FoundRecord };

export function json(status: number, body: object): ControlAnswer {
  return { kind: 'json', status, body };
}

export function refused(status: number, detail: string): Extract<ControlAnswer, { kind: 'json' }> {
  return { kind: 'json', status, body: { detail } satisfies ControlRefusal };
}
