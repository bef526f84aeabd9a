#!/usr/bin/env bash
# Seen 2026-11-29 with @kubernetes/client-node 1.4.0. Of its Watch:
# - it calls done(null) after an ERROR event (410, 500) as after a clean end: who does not look at the events does not know that a new list is
#   needed;
# - what the callback throws is dropped without a word.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @kubernetes/client-node@1.4.0

cat > watch.mjs <<'END'
import { createServer } from 'node:http';
import { KubeConfig, Watch } from '@kubernetes/client-node';
const server = createServer((_, response) => {
  response.end('{"type":"ERROR","object":{"kind":"Status","code":410}}\n{"type":"BOOKMARK","object":{}}\n');
}).listen(0, '127.0.0.1', async () => {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'c', server: `http://127.0.0.1:${server.address().port}`, skipTLSVerify: true }, { name: 'u' });
  const seen = [];
  const end = await new Promise((done) => {
    void new Watch(config).watch('/x', {}, (type) => { seen.push(type); throw new Error('lost'); }, done);
  });
  console.log(JSON.stringify({ seen, end }));
  process.exit();
});
END

found=$(node watch.mjs)
echo "$found"
[ "$found" = '{"seen":["ERROR","BOOKMARK"],"end":null}' ]
