/**
 * Logs of OpenTelemetry (OTLP/HTTP: https://opentelemetry.io/docs/specs/otlp/): whether a body is an ExportLogsServiceRequest, and how many
 * records are in it. What GlitchTip 6.2 would refuse with 400 for its form is not taken, for nobody could be told later (its otlp.py).
 */
import { ORJSON, isObject, parseJson, type Json } from './json.js';

/**
 * Of a message, the fields that hold texts and messages (opentelemetry-proto 1.x, logs/v1/logs.proto, common/v1/common.proto). Of all others the
 * wire format is all that is looked at, as of fields of a version to come.
 */
interface Message {
  readonly [field: number]: 'text' | (() => Message);
}

const ANY_VALUE: Message = { 1: 'text', 5: () => ARRAY_VALUE, 6: () => KEY_VALUES };
const ARRAY_VALUE: Message = { 1: () => ANY_VALUE };
const KEY_VALUE: Message = { 1: 'text', 2: () => ANY_VALUE };
const KEY_VALUES: Message = { 1: () => KEY_VALUE };
const LOG_RECORD: Message = { 3: 'text', 5: () => ANY_VALUE, 6: () => KEY_VALUE };
const SCOPE: Message = { 1: 'text', 2: 'text', 3: () => KEY_VALUE };
const SCOPE_LOGS: Message = { 1: () => SCOPE, 2: () => LOG_RECORD, 3: 'text' };
const RESOURCE: Message = { 1: () => KEY_VALUE };
const RESOURCE_LOGS: Message = { 1: () => RESOURCE, 2: () => SCOPE_LOGS, 3: 'text' };
const REQUEST: Message = { 1: () => RESOURCE_LOGS };

/** Messages within messages: protobuf's own limit. */
const DEEPEST = 100;
const WIRE = { varint: 0, eightBytes: 1, counted: 2, fourBytes: 5 } as const;
/** Bytes of a varint of 64 bits. */
const LONGEST_VARINT = 10;
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** @param contentType of the request, in small letters; what is no JSON is protobuf. @returns records, or undefined for what is none */
export function countLogRecords(bytes: Buffer, contentType: string): number | undefined {
  try {
    return contentType.includes('json') ? countInJson(bytes) : countInMessage(new Wire(bytes), REQUEST, 0);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

class MalformedError extends Error {}

/** Records in a message, read to its end. @throws MalformedError */
function countInMessage(wire: Wire, message: Message, depth: number): number {
  if (depth > DEEPEST) throw new MalformedError('too deep');
  let records = 0;
  while (!wire.isAtEnd) {
    const tag = wire.varint();
    const [field, type] = [Math.floor(tag / 8), tag % 8];
    if (field === 0) throw new MalformedError('field 0');
    const known = type === WIRE.counted ? message[field] : undefined;
    if (known === undefined) wire.skip(type);
    else if (known === 'text') wire.text();
    else records += countInMessage(wire.counted(), known(), depth + 1) + Number(known() === LOG_RECORD);
  }
  return records;
}

/** Reads protobuf's wire format (https://protobuf.dev/programming-guides/encoding/). Its methods throw MalformedError. */
class Wire {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  /** Exact below 2 ** 53; nothing here is compared that is larger. */
  varint(): number {
    let value = 0;
    for (let place = 0; place < LONGEST_VARINT; place += 1) {
      const byte = this.#take(1)[0] ?? 0;
      value += (byte & 0x7f) * 2 ** (7 * place);
      if (byte < 0x80) return value;
    }
    throw new MalformedError('a varint without an end');
  }

  counted(): Wire {
    return new Wire(this.#take(this.varint()));
  }

  text(): void {
    try {
      UTF8.decode(this.#take(this.varint()));
    } catch (error) {
      throw error instanceof MalformedError ? error : new MalformedError('no UTF-8', { cause: error });
    }
  }

  /** Groups, which OTLP never had, are refused with what is no type at all. */
  skip(type: number): void {
    switch (type) {
      case WIRE.varint: this.varint(); break;
      case WIRE.eightBytes: this.#take(8); break;
      case WIRE.counted: this.counted(); break;
      case WIRE.fourBytes: this.#take(4); break;
      default: throw new MalformedError(`wire type ${type}`);
    }
  }

  #take(count: number): Buffer {
    if (count > this.bytes.length - this.#at) throw new MalformedError('cut off');
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }
}

/** Names as protobuf's JSON has them, or as its own. @throws MalformedError */
function countInJson(bytes: Buffer): number {
  let records = 0;
  for (const each of objectsIn(objectOf(parseJson(bytes, ORJSON)?.value), 'resourceLogs', 'resource_logs')) {
    const { attributes } = each['resource'] ? objectOf(each['resource']) : {};
    if (attributes && !Array.isArray(attributes)) throw new MalformedError('attributes that are no list');
    for (const scope of objectsIn(each, 'scopeLogs', 'scope_logs')) records += objectsIn(scope, 'logRecords', 'log_records').length;
  }
  return records;
}

function objectOf(value: unknown): Json {
  if (!isObject(value)) throw new MalformedError('no object');
  return value;
}

/** What is absent, null or empty is none. */
function objectsIn(json: Json, ...names: readonly string[]): readonly Json[] {
  const list = names.map((name) => json[name]).find(Boolean) ?? [];
  if (!Array.isArray(list)) throw new MalformedError('no list');
  return list.map(objectOf);
}
