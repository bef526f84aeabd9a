#!/usr/bin/env bash
# Seen 2026-11-29 with @kubernetes/client-node 1.4.0. Of its Watch:
# - it calls done(null) after an ERROR event (410, 500) as after a clean end: who does not look at the events does not know that a new list is
#   needed (the signal of 30 s that it makes for the request is overwritten by another in the next line);
# - a server that takes the connection and says nothing is waited for without end, and nobody has anything yet to abort it with;
# - a line that is not JSON, and what the callback throws, is dropped without a word.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @kubernetes/client-node@1.4.0

cat > watch.mjs <<'END'
import { createServer } from 'node:http';
import { KubeConfig, Watch } from '@kubernetes/client-node';
const server = createServer(({ url }, response) => {
  if (url.startsWith('/silent')) return;
  response.end('{"type":"ERROR","object":{"kind":"Status","code":410}}\nno JSON\n{"type":"BOOKMARK","object":{}}\n');
}).listen(0, '127.0.0.1', async () => {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'c', server: `http://127.0.0.1:${server.address().port}`, skipTLSVerify: true }, { name: 'u' });
  const seen = [];
  const end = await new Promise((done) => {
    void new Watch(config).watch('/x', {}, (type) => { seen.push(type); throw new Error('lost'); }, done);
  });
  const silent = new Watch(config).watch('/silent', {}, () => {}, () => {}).then(() => 'answered');
  const waited = await Promise.race([silent, new Promise((resolve) => setTimeout(resolve, 40_000, 'still waits after 40 s'))]);
  console.log(JSON.stringify({ seen, end, waited }));
  process.exit();
});
END

found=$(node watch.mjs)
echo "$found"
[ "$found" = '{"seen":["ERROR","BOOKMARK"],"end":null,"waited":"still waits after 40 s"}' ]
