/**
 * What GlitchTip 5.2 takes with 200 and its worker then fails on: it loses the whole batch for it, of up to 100 events of whoever else sent some
 * in these two seconds. Each of these was seen to do it.
 */
import type { StoredType } from './item-policy.js';
import { isObject, type Json } from './json.js';
import { isTime } from './schema-values.js';
import { looseUuid } from './uuid.js';

/** Columns of releases, of a transaction's operation and method. Characters. */
const LONGEST = 255;

/** The body as it is where it can be stored, else one that can; undefined: there is none. Pure. */
export function storableEvent(type: StoredType, body: Json): Json | undefined {
  const shortened = withShort(body, 'release');
  return type === 'event' ? shortened : storableTransaction(shortened);
}

function storableTransaction(body: Json): Json | undefined {
  const { transaction: name, start_timestamp: start, timestamp: end, contexts, request } = body;
  const trace = isObject(contexts) ? contexts['trace'] : undefined;
  if (typeof name !== 'string' || !isTime(start) || !isTime(end) || !isObject(trace) || looseUuid(trace['trace_id']) === undefined) return undefined;
  const shortTrace = withShort(trace, 'op');
  const shortRequest = isObject(request) ? withShort(request, 'method') : request;
  if (shortTrace === trace && shortRequest === request) return body;
  return { ...body, contexts: { ...(contexts as Json), trace: shortTrace }, request: shortRequest };
}

function withShort(json: Json, name: string): Json {
  const text = json[name];
  // Half of a character is none.
  return typeof text === 'string' && text.length > LONGEST ? { ...json, [name]: text.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '') } : json;
}
