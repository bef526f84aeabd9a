// Messages of OpenTelemetry's logs in protobuf's wire format, as an exporter writes them (https://protobuf.dev/programming-guides/encoding/).

/** A field that holds bytes, a text or a message. */
export function counted(field: number, content: Buffer): Buffer {
  return Buffer.concat([number(field * 8 + 2), number(content.length), content]);
}

export function text(field: number, content: string): Buffer {
  return counted(field, Buffer.from(content));
}

export function varint(field: number, value: number): Buffer {
  return Buffer.concat([number(field * 8), number(value)]);
}

export function fixed64(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return Buffer.concat([number(field * 8 + 1), bytes]);
}

/** @param at nanoseconds of Unix time */
export function logRecord(body: string, at = 1_780_000_000_000_000_000n): Buffer {
  return Buffer.concat([fixed64(1, at), varint(2, 13), text(3, 'WARN'), counted(5, text(1, body)), counted(6, Buffer.concat([text(1, 'pool.size'), counted(2, varint(3, 10))]))]);
}

/** An ExportLogsServiceRequest of one service. */
export function logsRequest(records: readonly Buffer[]): Buffer {
  const resource = counted(1, Buffer.concat([text(1, 'service.name'), counted(2, text(1, 'shop'))]));
  return counted(1, Buffer.concat([counted(1, resource), counted(2, Buffer.concat(records.map((record) => counted(2, record))))]));
}

function number(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Buffer.from([...bytes, rest]);
}
