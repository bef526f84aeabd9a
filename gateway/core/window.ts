/**
 * The window: how much may be under way below the gateway, given to GlitchTip and not yet seen in Postgres. In bytes, because GlitchTip's
 * worker takes tasks ahead by their number whatever their size, and is killed for it. It grows with what is confirmed and shrinks
 * with trouble, as TCP's does (RFC 5681). While the way below is known to be broken it is closed, and the way is tried without an event.
 */

export interface WindowLimits {
  /** Bytes under way that the worker's limit can hold, unpacked. */
  readonly bytes: number;
  /** Events under way. */
  readonly events: number;
}

export interface Window {
  /** Bytes that may be under way now. */
  readonly allowed: number;
  readonly closed?: { readonly why: string; /** Milliseconds of Unix time. */ readonly probeAt: number; /** Milliseconds until the try after that. */ readonly pause: number };
}

export interface UnderWay {
  readonly bytes: number;
  readonly events: number;
}

/** So much is allowed at first and after trouble. Bytes. */
const LEAST = 128 * 1024;
/** Between two tries of the way: the first pause, and the longest. Milliseconds. */
const PROBE = { first: 1_000, longest: 10_000 };

export const OPENING: Window = { allowed: LEAST };

/** Whether a record may be given to GlitchTip now. One that is larger than the window goes when nothing else is under way. */
export function mayGo(window: Window, limits: WindowLimits, underWay: UnderWay, bytes: number): boolean {
  if (window.closed) return false;
  if (underWay.events === 0) return true;
  return underWay.bytes + bytes <= Math.min(window.allowed, limits.bytes) && underWay.events < limits.events;
}

/** Seen in Postgres: the way is whole. */
export function confirmed(window: Window, limits: WindowLimits, bytes: number): Window {
  return window.closed ? window : { allowed: Math.min(limits.bytes, window.allowed + bytes) };
}

/** Slower than it should be, or refused once: less at a time. */
export function troubled(window: Window): Window {
  return { ...window, allowed: Math.max(LEAST, Math.floor(window.allowed / 2)) };
}

/** Nothing gets through: the way is tried, less and less often. */
export function closed(window: Window, why: string, now: number): Window {
  const pause = window.closed ? Math.min(window.closed.pause * 2, PROBE.longest) : PROBE.first;
  return { allowed: LEAST, closed: { why, pause, probeAt: now + pause } };
}
