// Who records are for, as the spool numbers them.

export const GLITCHTIP = 0;
/** The old Sentry, or another GlitchTip, of a move (gateway/move/move.ts). */
export const OLD_SENTRY = 1;
