#!/usr/bin/env bash
# Seen 2026-11-29 with node-fetch 2.7.0, which @kubernetes/client-node 1.4.0 asks with, on Node 20.20.2 and 24.21.0.
# With an Agent that keeps connections and has a limit of them (maxSockets), a question that waits for a connection gets that of an answer
# which node-fetch has not given out yet. It finds a listener for data on the socket, takes the answer to be cut, and refuses it, complete as
# it is: "Premature close". Of 40 questions at once over at most 4 connections it refuses 36; without a limit none.
# (https://github.com/node-fetch/node-fetch/issues/1767)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund node-fetch@2.7.0

cat > ask.cjs <<'END' # prints how many of 40 answers were refused, with the limit that the argument gives
const { createServer, Agent } = require('node:http');
const fetch = require('node-fetch');
const server = createServer((_, response) => { response.write('{"a":'); response.end('1}'); }).listen(0, '127.0.0.1', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: Number(process.argv[2]) });
  const ask = () => fetch(`http://127.0.0.1:${server.address().port}/`, { agent }).then((answer) => answer.json()).then(() => 0, ({ code }) => (code === 'ERR_STREAM_PREMATURE_CLOSE' ? 1 : NaN));
  console.log((await Promise.all(Array.from({ length: 40 }, ask))).reduce((sum, each) => sum + each, 0));
  process.exit();
});
END

limited=$(node ask.cjs 4) unlimited=$(node ask.cjs Infinity)
echo "refused: $limited of 40 with a limit, $unlimited without"
[ "$limited" -gt 0 ] && [ "$unlimited" -eq 0 ]
