// The records that are made of a request: one for GlitchTip; during a move one for the old Sentry, too, or the same for both.
import type { IncomingHttpHeaders } from 'node:http';
import { encodeHeader, type RecordHeader } from '../core/record.js';
import { GLITCHTIP, OLD_SENTRY } from '../spool/destination-numbers.js';
import type { Appended } from '../spool/spool.js';
import type { Body, OldCopy } from './old-copy.js';

/** What both records have in common. */
export type About = Pick<RecordHeader, 'receivedAt' | 'project' | 'key' | 'kind' | 'events' | 'move'> & {
  readonly client: string | undefined;
  readonly headers: IncomingHttpHeaders;
};

/**
 * @param given what GlitchTip is given; undefined: nothing
 * @param copy what the old Sentry is given; undefined: there is no move
 * @param newId 32 hexadecimal digits
 */
export function recordsOf(about: About, given: Body | undefined, copy: OldCopy | undefined, newId: () => string): readonly Appended[] {
  const isShared = copy?.kind === 'same';
  return [
    ...(given ? [recordOf(about, given, isShared ? [GLITCHTIP, OLD_SENTRY] : [GLITCHTIP], newId())] : []),
    ...(copy?.kind === 'own' ? [recordOf(about, copy.body, [OLD_SENTRY], newId())] : []),
  ];
}

function recordOf({ client, headers, move, ...about }: About, { bytes, encoding, size }: Body, destinations: readonly number[], id: string): Appended {
  const [contentType, userAgent] = [headers['content-type'], headers['user-agent']];
  const header = encodeHeader({
    id, ...about, size,
    ...(encoding === undefined ? {} : { encoding }),
    ...(client === undefined ? {} : { client }),
    ...(contentType === undefined ? {} : { contentType: contentType.slice(0, 200) }),
    ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, 500) }),
    ...(move === undefined ? {} : { move }),
  });
  return { header, body: bytes, destinations };
}
