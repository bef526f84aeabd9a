// What the old Sentry of a move is sent for a record: as the SDK would have sent it.
import { COPY_MARK } from '../core/copy-mark.js';
import type { Dsn } from '../core/dsn.js';
import type { RecordHeader } from '../core/record.js';
import type { OldRequest } from './old-sender.js';

/** Pure. */
export function oldRequest({ kind, contentType, userAgent, client, encoding, move }: RecordHeader, body: Buffer, { origin, path, project, key }: Dsn): OldRequest {
  return {
    url: new URL(`${origin}${path}/api/${project}/${kind}/`),
    headers: {
      'content-type': contentType ?? 'application/x-sentry-envelope',
      'x-sentry-auth': `Sentry sentry_version=7, sentry_key=${key}`,
      ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
      // Whose event it is: Sentry takes the client's address from there.
      ...(client === undefined ? {} : { 'x-forwarded-for': client }),
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
      ...(move === undefined ? {} : { [COPY_MARK]: String(move.since) }),
    },
    body,
  };
}
