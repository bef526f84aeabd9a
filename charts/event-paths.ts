// The paths of events, for whoever serves them in front of the gateway.
import { PROJECT_KINDS } from '../gateway/core/item-policy.js';
import type { Settings } from './settings/schema.js';

const OF_PROJECTS = `/api/[0-9]{1,15}/(${PROJECT_KINDS.join('|')})/`;

/** A regular expression of the whole path, decoded and cleaned of dots: the gateway's own rule (gateway/core/ingest-request.ts). */
export function eventPaths({ logs: { enabled } }: Pick<Settings, 'logs'>): string {
  return enabled ? `^(${OF_PROJECTS}|/v1/logs/?)$` : `^${OF_PROJECTS}$`;
}
