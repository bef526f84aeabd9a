"""Texts of the log records in an export of OpenTelemetry, in either encoding. The real one reads protobuf by its library, and more of each record."""

import orjson

VARINT, EIGHT_BYTES, COUNTED, FOUR_BYTES = 0, 1, 2, 5


class MalformedLogsError(Exception):
    """It is no ExportLogsServiceRequest."""


def number(data, at):
    """A varint, and where it ends."""
    value = 0
    for place in range(10):
        if at + place >= len(data):
            break
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise MalformedLogsError


def counted_fields(data):
    """Number and content of each field that has a length; of all others only the form is looked at."""
    at = 0
    while at < len(data):
        tag, at = number(data, at)
        kind = tag & 7
        if tag < 8 or kind not in (VARINT, EIGHT_BYTES, COUNTED, FOUR_BYTES):
            raise MalformedLogsError
        if kind == VARINT:
            _, at = number(data, at)
            continue
        length, at = number(data, at) if kind == COUNTED else ({EIGHT_BYTES: 8, FOUR_BYTES: 4}[kind], at)
        if length > len(data) - at:
            raise MalformedLogsError
        if kind == COUNTED:
            yield tag >> 3, data[at : at + length]
        at += length


def within(messages, field):
    return [content for message in messages for name, content in counted_fields(message) if name == field]


def texts_of_protobuf(data):
    records = within(within(within([data], 1), 2), 2)
    try:
        # The first text of its body, or none.
        return [next((text.decode() for text in within(within([record], 5), 1)), "") for record in records]
    except UnicodeDecodeError:
        raise MalformedLogsError from None


def texts_of_json(data):
    try:
        exported = orjson.loads(data)
        return [
            str((record.get("body") or {}).get("stringValue") or "")
            for resource in exported.get("resourceLogs") or []
            for scope in resource.get("scopeLogs") or []
            for record in scope.get("logRecords") or []
        ]
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        raise MalformedLogsError from None


def texts_of(data, content_type):
    return texts_of_json(data) if "json" in content_type else texts_of_protobuf(data)
