// The mark of a copy for the old Sentry: by it a gateway knows its own when it comes back, because the old one's name leads here.

/** A header. Its value is when the move began (MoveState.since): the old one may be a GlitchTip behind a gateway of its own, which takes the copy. */
export const COPY_MARK = 'x-glitchkeeper-copy';
