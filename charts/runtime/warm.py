"""Sends one event to a project that does not exist, until GlitchTip has loaded what its first event needs (postStart).

The first ingest request of a process takes 1-2 s; a 403 says that it went through PostgreSQL and Valkey. It gives up
after a while and never fails: a database that is down must not restart the web pod.
"""

import json
import os
import time
import urllib.error
import urllib.request
import uuid

GIVE_UP_AFTER_SECONDS = 45
NO_PROJECT = 2**31 - 1

port = os.environ["PORT"]
key = uuid.uuid4().hex
header = json.dumps({"event_id": uuid.uuid4().hex, "dsn": f"http://{key}@localhost/{NO_PROJECT}"})
body = f'{header}\n{{"type":"event"}}\n{{"message":"warm"}}\n'.encode()
url = f"http://127.0.0.1:{port}/api/{NO_PROJECT}/envelope/?sentry_key={key}"
deadline = time.monotonic() + GIVE_UP_AFTER_SECONDS
while time.monotonic() < deadline:
    try:
        urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/x-sentry-envelope"}), timeout=10)
        break
    except urllib.error.HTTPError as answer:
        if answer.code == 403:
            break
    except OSError:
        pass
    time.sleep(1)
