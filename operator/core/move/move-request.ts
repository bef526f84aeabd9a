// What a person asks for with the annotation glitchkeeper.io/move.
import { cut } from '../text-limits.js';

/** `start without import`: projects and keys are here already, and the table names them or their keys are the old ones. */
export const MOVE_REQUESTS = ['start', 'start-without-import', 'cutover', 'rollback', 'finish'] as const;
export type MoveRequest = (typeof MOVE_REQUESTS)[number];

export type ParsedMoveRequest = { readonly kind: 'request'; readonly request: MoveRequest } | { readonly kind: 'invalid'; readonly message: string };

export function parseMoveRequest(annotation: string): ParsedMoveRequest {
  const request = MOVE_REQUESTS.find((each) => each === annotation.trim());
  if (request !== undefined) return { kind: 'request', request };
  return { kind: 'invalid', message: `Annotation glitchkeeper.io/move: expected ${MOVE_REQUESTS.join(', ')}; found "${cut(annotation, 100)}".` };
}
