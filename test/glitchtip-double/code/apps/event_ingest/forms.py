"""Which JSON GlitchTip 5.2 takes, and where: what its pydantic schemas come to for what decides an answer or a task."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from uuid import UUID

# Nested deeper than this, it is no JSON to pydantic's parser.
DEEPEST = 200
HALF_CHARACTER = re.compile("[\ud800-\udfff]")
ID = re.compile(r"[0-9a-fA-F]{32}|(urn:uuid:|\{)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
WHOLE_NUMBER = re.compile(r"\s*[+-]?[0-9]+(_[0-9]+)*(\.0+)?\s*")
SECONDS = re.compile(r"[+-]?([0-9]+|[0-9]*\.[0-9]+|[0-9]+\.([0-9]*(e[0-9]+)?))")
TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)([Tt _]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d+)?)?(Z|z|[+\u2212-]([01]\d|2[0-3]):?[0-5]\d)?)?",
    re.ASCII,
)
# Numbers beyond it are milliseconds.
LARGEST_SECONDS = 2e10
TRANSACTION_DAYS = 90

SUPPORTED = ("transaction", "event")
IGNORED = (
    "log",
    "session",
    "sessions",
    "client_report",
    "attachment",
    "user_report",
    "check_in",
    "profile",
    "replay_recording",
    "replay_event",
    "span",
)


class MisfitError(Exception):
    """A value is not of the kind that its place asks for."""


def parse(line):
    """The value of some bytes of JSON; MisfitError when they are none. NaN is a number, half a character is none."""
    try:
        text = line.decode()
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise MisfitError from None
    if "\\ud" in text.lower() and HALF_CHARACTER.search(json.dumps(value, ensure_ascii=False)):
        raise MisfitError
    if line.count(b"[") + line.count(b"{") > DEEPEST and is_deeper(value, DEEPEST):
        raise MisfitError
    return value


def is_deeper(value, levels):
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return children is not None and (levels == 0 or any(is_deeper(child, levels - 1) for child in children))


def fields(value):
    """A schema reads what is no object as an object without fields."""
    return value if isinstance(value, dict) else {}


def check(fits):
    if not fits:
        raise MisfitError


def identifier(value):
    """None for null."""
    if value is None:
        return None
    check(isinstance(value, str) and ID.fullmatch(value) and value.startswith("{") == value.endswith("}"))
    return UUID(value)


def is_text(value):
    return value is None or isinstance(value, str | int | float) and not isinstance(value, bool)


def length_of(value):
    if isinstance(value, str):
        check(WHOLE_NUMBER.fullmatch(value))
        return int(value.split(".")[0])
    if isinstance(value, float):
        check(isfinite(value) and value.is_integer() and abs(value) < 2**63)
    check(value is None or isinstance(value, int | float))
    return value if value is None else int(value)


def moment(value):
    """When a time is; MisfitError for what is none. Numbers are seconds, or milliseconds where they are large."""
    if isinstance(value, str):
        if SECONDS.fullmatch(value):
            return moment(float(value))
        match = TIME.fullmatch(value)
        check(match)
        try:
            return datetime.combine(date.fromisoformat(match[1]), datetime.min.time(), UTC)
        except ValueError:
            raise MisfitError from None
    check(isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value))
    try:
        return datetime.fromtimestamp(value if abs(value) <= LARGEST_SECONDS else value / 1000, UTC)
    except (ValueError, OSError, OverflowError):
        raise MisfitError from None


def check_sdk(value):
    if value is None:
        return
    sdk = fields(value)
    check("name" in sdk and "version" in sdk and is_text(sdk["name"]) and is_text(sdk["version"]))
    integrations, packages = sdk.get("integrations"), sdk.get("packages")
    check(integrations is None or isinstance(integrations, list) and all(map(is_text, integrations)))
    packages = [packages] if isinstance(packages, dict) else packages
    check(packages is None or isinstance(packages, list))
    for package in map(fields, packages or []):
        check(is_text(package.get("name")) and is_text(package.get("version")))


def envelope_id(line):
    """The event id in an envelope's header; None where it has none."""
    header = fields(parse(line))
    check(is_text(header.get("dsn")))
    check_sdk(header.get("sdk"))
    if "sent_at" in header:
        moment(header["sent_at"])
    return identifier(header.get("event_id"))


def item_header(line):
    """Type and length; the length is None where a newline ends the payload."""
    header = fields(parse(line))
    check(header.get("type") in SUPPORTED + IGNORED)
    check(is_text(header.get("content_type")))
    length = length_of(header.get("length"))
    return header["type"], None if length is None or length < 0 else length


TEXTS = ("platform", "level", "logger", "transaction", "server_name", "release", "dist", "environment")
OF_KIND = {
    "tags": (list, dict),
    "extra": (dict,),
    "modules": (dict,),
    "exception": (list, dict),
    "fingerprint": (list,),
    "errors": (list,),
    "message": (str, int, float, dict),
}


def check_event(event):
    """Not all that the real one looks at: fields that are wrong in kind as a whole."""
    check(all(is_text(event.get(name)) for name in TEXTS))
    for name, kinds in OF_KIND.items():
        check(event.get(name) is None or isinstance(event[name], kinds))


def event_of(value):
    """An event as a payload of an envelope holds it, with its id or None."""
    event = fields(value)
    check_event(event)
    return event, identifier(event.get("event_id"))


def stored_event_of(value):
    """An event as the store endpoint takes it: with an id."""
    event, event_id = event_of(value)
    check(event_id is not None)
    return event, event_id


def transaction_of(value):
    """A transaction with its id; None where it has none. One that is old is none."""
    transaction = fields(value)
    check(transaction.get("type", "transaction") == "transaction" and "contexts" in transaction)
    check(is_text(transaction.get("transaction")) and transaction.get("transaction") is not None)
    check(all(name in transaction for name in ("start_timestamp", "timestamp")))
    moment(transaction["timestamp"])
    check(moment(transaction["start_timestamp"]) > datetime.now(UTC) - timedelta(days=TRANSACTION_DAYS))
    check(
        all(is_text(transaction.get(name)) for name in ("server_name", "platform", "release", "environment"))
    )
    check(transaction.get("tags") is None or isinstance(transaction["tags"], list | dict))
    check_sdk(transaction.get("sdk"))
    event_id = identifier(transaction.get("event_id"))
    check(event_id is not None or "event_id" not in transaction)
    return transaction, event_id


REPORT_TEXTS = ("blocked-uri", "document-uri", "effective-directive")


def report_of(value):
    """A report of a browser's Content-Security-Policy."""
    check("csp-report" in fields(value))
    report = fields(value["csp-report"])
    check(all(report.get(name) is not None and is_text(report[name]) for name in REPORT_TEXTS))
    check(report.get("disposition") in ("enforce", "report"))
    check(
        "original-policy" in report
        and is_text(report["original-policy"])
        and is_text(report.get("script-sample"))
    )
    check("status-code" in report)
    for name in ("status-code", "line_number", "column_number"):
        length_of(report.get(name))
    return report
