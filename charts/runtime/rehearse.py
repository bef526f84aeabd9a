"""Lets the migrations of the release that this container brings run on a copy of the database, and tells what they took.

The server is in another container of the pod (backup/postgres/rehearse.sh): it makes `ready` in HANDOVER when it may be used, and is told
the end by `ended`. `running` is locked for as long as this process lives, so that the server need not be told that it was killed.

What Django writes may quote rows: of it the names of migrations are told, and the class of an error.
"""

import fcntl
import json
import os
import re
import resource
import secrets
import subprocess
import sys
import tempfile
import time

HANDOVER = os.environ.get("HANDOVER", "/handover")
REPORT = os.environ.get("REPORT", "/dev/termination-log")
# The server starts meanwhile. Seconds.
SERVER_WITHIN = 180
APPLYING = re.compile(r"\s*Applying (\S+?)\.\.\.(.*)")
ERROR = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)")


def await_server():
    deadline = time.monotonic() + SERVER_WITHIN
    while not os.path.exists(f"{HANDOVER}/ready"):
        if time.monotonic() > deadline:
            fail("DatabaseAway", 1)
        time.sleep(0.2)


def hold_running():
    """Its name last: whoever finds it finds it locked."""
    file = open(f"{HANDOVER}/running.part", "w", encoding="utf-8")
    fcntl.flock(file, fcntl.LOCK_EX)
    os.rename(f"{HANDOVER}/running.part", f"{HANDOVER}/running")
    return file


def is_migrated():
    """Of 5.2 to 5.2, or 6.2 to 6.2, nothing must be left: GlitchTip itself finds its tables."""
    command = [sys.executable, "manage.py", "migrate", "--check", "--skip-checks"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def migrate(errors):
    """The exit code, and each migration that was begun with its seconds."""
    begun = []
    process = subprocess.Popen(["./bin/run-migrate.sh"], stdout=subprocess.PIPE, stderr=errors, encoding="utf-8", errors="replace")
    since = time.monotonic()
    for line in process.stdout:
        applying = APPLYING.match(line)
        if applying:
            now = time.monotonic()
            begun.append((applying.group(1), now - since, applying.group(2).strip().startswith("OK")))
            print(f"{applying.group(1)}: {now - since:.1f} s", flush=True)
        since = time.monotonic()
    return process.wait(), begun


def explain(errors, begun):
    """The migration that did not end, and the class of the last error: `issue_events.0007_partitions: LockNotAvailable`."""
    errors.seek(0)
    names = [match.group(1) for match in map(ERROR.match, errors.read().splitlines()) if match and match.group(1).endswith(("Error", "Exception", "Available", "Violation", "Canceled"))]
    unfinished = [name for name, _, is_done in begun if not is_done]
    return ": ".join([*unfinished[-1:], *(name.rsplit(".", 1)[-1] for name in names[-1:])])


def fail(reason, code, detail=""):
    report = {"result": "failed", "step": "migrate", "reason": reason, "exitCode": code, **({"detail": detail} if detail else {})}
    with open(REPORT, "w", encoding="utf-8") as file:
        json.dump(report, file)
    print(f"failed: {reason}, exit code {code}{', ' + detail if detail else ''}", flush=True)
    sys.exit(1)


def tell(is_checked, begun, seconds):
    slowest = max(begun, key=lambda each: each[1], default=None)
    # Kibibytes, of the largest process.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    members = {"checked": is_checked, "migrations": len(begun), "seconds": round(seconds, 1), "peakMemory": peak}
    if slowest:
        members["slowest"] = {"migration": slowest[0], "seconds": round(slowest[1], 1)}
    with open(f"{HANDOVER}/ended.part", "w", encoding="utf-8") as file:
        file.write(json.dumps(members)[1:-1])
    os.rename(f"{HANDOVER}/ended.part", f"{HANDOVER}/ended")
    print(f"{len(begun)} migrations in {seconds:.1f} s", flush=True)


def main():
    # Nothing that is signed here is ever read; and without Valkey GlitchTip keeps all that it needs in the database.
    os.environ.update(SECRET_KEY=secrets.token_hex(32), VALKEY_URL="")
    running = hold_running()
    await_server()
    is_checked = is_migrated()
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        code, begun = migrate(errors)
        seconds = time.monotonic() - began
        if code != 0:
            # A shell says 137 of a program of its own that was killed.
            is_killed = code in (-9, 137)
            fail("OutOfMemory" if is_killed else "MigrationFailed", 137 if is_killed else code, explain(errors, begun))
    tell(is_checked, begun, seconds)
    running.close()


main()
