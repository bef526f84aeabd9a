// The paths of events, for whoever serves them in front of the gateway.
import { INGEST_KINDS } from '../gateway/core/item-policy.js';

/** A regular expression of the whole path, decoded and cleaned of dots: the gateway's own rule (gateway/core/ingest-request.ts). */
export const EVENT_PATHS = `^/api/[0-9]{1,15}/(${INGEST_KINDS.join('|')})/$`;
