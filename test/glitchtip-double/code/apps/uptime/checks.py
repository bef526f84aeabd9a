"""Whether what a monitor looks at answers as it should."""

from urllib.error import HTTPError
from urllib.request import urlopen

DEFAULT_TIMEOUT_SECONDS = 20


def answers_as_expected(monitor):
    timeout = monitor.timeout or DEFAULT_TIMEOUT_SECONDS
    try:
        with urlopen(monitor.url, timeout=timeout) as response:
            status, body = response.status, response.read().decode(errors="replace")
    except HTTPError as error:
        status, body = error.code, ""
    except (OSError, ValueError):
        return False
    is_expected = monitor.monitor_type == "Ping" or status == monitor.expected_status
    return is_expected and monitor.expected_body in body
