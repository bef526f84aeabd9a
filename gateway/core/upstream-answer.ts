// What GlitchTip's answer to a record means for it.

/** Of one request to GlitchTip. */
export type UpstreamAnswer =
  | { readonly kind: 'answered'; readonly status: number; /** Seconds. */ readonly retryAfter?: number }
  /** No connection was made: certainly nothing arrived. */
  | { readonly kind: 'not sent'; readonly why: string }
  /** The connection broke, or nothing came in time: it may have arrived. */
  | { readonly kind: 'unknown'; readonly why: string };

export type AnswerVerdict =
  /** Taken; its row is looked for. */
  | { readonly kind: 'taken' }
  /** It did not arrive, through no fault of its own: again, when the way is whole. */
  | { readonly kind: 'again'; readonly why: string }
  /** It may have arrived: its row is looked for, and the way is not whole. */
  | { readonly kind: 'unsure'; readonly why: string }
  /** The project takes nothing for so long. Seconds. */
  | { readonly kind: 'throttled'; readonly seconds: number }
  /** The project or its key is not there any more, or is blocked for 30 s. */
  | { readonly kind: 'denied' }
  /** GlitchTip will never take this one. */
  | { readonly kind: 'refused'; readonly why: string };

const THROTTLED_SECONDS = 60;

export function judgeAnswer(answer: UpstreamAnswer): AnswerVerdict {
  if (answer.kind === 'not sent') return { kind: 'again', why: answer.why };
  if (answer.kind === 'unknown') return { kind: 'unsure', why: answer.why };
  return judgeStatus(answer.status, answer.retryAfter ?? THROTTLED_SECONDS);
}

function judgeStatus(status: number, seconds: number): AnswerVerdict {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  switch (status) {
    case 429: return { kind: 'throttled', seconds };
    case 401: case 403: return { kind: 'denied' };
  }
  const why = `GlitchTip answered ${status}`;
  // 5xx: Django may have put the event into the queue before it failed.
  return status >= 500 || status === 408 ? { kind: 'unsure', why } : { kind: 'refused', why };
}
