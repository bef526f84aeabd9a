// The two kinds of headers of an envelope, as GlitchTip 5.2 reads them (EnvelopeHeaderSchema, ItemHeaderSchema).
import { isObject, parseJson, type Json } from './json.js';
import { isText, isTextOrNothing, isTime, wholeNumber } from './schema-values.js';
import { eventId } from './uuid.js';

/** Undefined for what GlitchTip refuses. JSON that is no object is read as one without fields. */
export function parseEnvelopeHeader(bytes: Buffer): Json | undefined {
  const header = objectIn(bytes);
  return header && isEnvelopeHeader(header) ? header : undefined;
}

function isEnvelopeHeader({ event_id: id, dsn, sdk, sent_at: sentAt }: Json): boolean {
  return (isAbsent(id) || eventId(id) !== undefined) && isTextOrNothing(dsn) && (isAbsent(sdk) || (isObject(sdk) && isSdk(sdk))) && (sentAt === undefined || isTime(sentAt));
}

function isSdk({ name, version, integrations, packages }: Json): boolean {
  return [name, version].every((each) => each === null || isText(each))
    && (isAbsent(integrations) || (Array.isArray(integrations) && integrations.every(isTextOrNothing)))
    && (isAbsent(packages) || (isObject(packages) ? isPackage(packages) : Array.isArray(packages) && packages.every(isPackage)));
}

function isPackage(each: unknown): boolean {
  return !isObject(each) || (isTextOrNothing(each['name']) && isTextOrNothing(each['version']));
}

export interface ItemHeader {
  readonly type: string;
  /** Of the payload. Bytes; undefined: a newline ends it. */
  readonly length: number | undefined;
  /** As it came. */
  readonly json: Json;
  /** GlitchTip reads it as it is. Otherwise it would read nothing of the envelope from here on. */
  readonly isPlain: boolean;
}

/** Undefined where it is not known where the next item begins. */
export function parseItemHeader(bytes: Buffer): ItemHeader | undefined {
  const json = objectIn(bytes);
  const { type, length, content_type: contentType } = json ?? {};
  const bytesOfPayload = isAbsent(length) ? -1 : wholeNumber(length);
  if (!json || typeof type !== 'string' || bytesOfPayload === undefined) return undefined;
  return { type, json, length: bytesOfPayload < 0 ? undefined : bytesOfPayload, isPlain: isTextOrNothing(contentType) };
}

function objectIn(bytes: Buffer): Json | undefined {
  const parsed = parseJson(bytes);
  if (!parsed) return undefined;
  return isObject(parsed.value) ? parsed.value : {};
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
