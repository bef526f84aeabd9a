#!/usr/bin/env bash
# Seen 2026-11-29 with @sentry/node 11.12.0 (Node 20) and sentry-sdk 2.75.0 (Python 3.11), against a server that answers 429 once, then 200.
# Both count what they drop while they were told to wait ("2::organization", which is everything), for a client report later on. If the
# application calls flush() meanwhile, the report is made then, is itself held back by the limit, and the count is gone. Afterwards they say:
#   {"reason":"ratelimit_backoff","category":"internal","quantity":1}
# Without that flush() they say ... "category":"error","quantity":3. sentry-go 0.50.0 and io.sentry 8.63.0 keep the count either way.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @sentry/node@11.12.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sentry-sdk==2.75.0

cat > server.mjs <<'END' # prints its port, then what it is told was discarded
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
let events = 0;
createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece)).on('end', () => {
    const body = Buffer.concat(pieces);
    const lines = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString().split('\n');
    if (lines.some((line) => line.includes('"type":"event"'))) events += 1;
    const isRefused = events === 1;
    const reports = isRefused ? [] : lines.filter((line) => line.includes('discarded_events')).map((line) => JSON.parse(line));
    for (const discarded of reports.flatMap((report) => report.discarded_events)) console.log(JSON.stringify(discarded));
    response.writeHead(isRefused ? 429 : 200, isRefused ? { 'retry-after': '2', 'x-sentry-rate-limits': '2::organization' } : {}).end('{}');
  });
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
END
cat > application.mjs <<'END'
import * as Sentry from '@sentry/node';
import { setTimeout as sleep } from 'node:timers/promises';
Sentry.init();
const capture = async (number) => { Sentry.captureException(new Error(`order ${number}`)); await sleep(100); };
await capture(0); await Sentry.flush(5000);
for (const number of [1, 2, 3]) await capture(number);
if (process.argv[2] === 'flush') await Sentry.flush(5000);
await sleep(3000);
await capture(4); await Sentry.close(5000);
END
cat > application.py <<'END'
import sys, time, sentry_sdk
sentry_sdk.init()
def capture(number):
    sentry_sdk.capture_exception(ValueError(f"order {number}")); time.sleep(0.1)
capture(0); sentry_sdk.flush(5)
for number in (1, 2, 3): capture(number)
if sys.argv[1:] == ["flush"]: sentry_sdk.flush(5)
time.sleep(3)
capture(4); sentry_sdk.get_client().close(5)
END

discarded() { # COMMAND...: runs an application against a new server, prints what it reported
  : > said; node server.mjs >> said & server=$!
  until [ -s said ]; do sleep 0.1; done
  SENTRY_DSN="http://0123456789abcdef0123456789abcdef@127.0.0.1:$(head -n 1 said)/1" "$@"
  kill "$server"; server=
  sed 1d said | grep -o '"reason":.*' | sed 's/}$//'
}
expect() { # WHAT COMMAND...
  local what=$1 found; shift
  found=$(discarded "$@" || true)
  [ "$found" = "\"reason\":\"ratelimit_backoff\",$what" ] && return
  echo "$*: expected $what, found: ${found:-nothing}"; exit 1
}
for application in 'node application.mjs' 'venv/bin/python application.py'; do
  expect '"category":"error","quantity":3' $application
  expect '"category":"internal","quantity":1' $application flush
done
echo 'as seen: 3 errors are reported as dropped; after a flush() while limited only "internal", 1'
