// What the build leaves out of the operator is not in its bundle: a package that moves a file would bring it back unseen.
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

const bundle = readFileSync('build/operator.js', 'latin1');
const MODULES = 'node_modules';

/** Words of the left-out part that no minifier changes, and a file that has them. */
it.each([
  ['OpenID Connect', '.well-known/openid-configuration', 'oauth4webapi/build/index.js'],
  ['exec plugins', 'No command was specified for exec authProvider', '@kubernetes/client-node/dist/exec_auth.js'],
  ['the clouds', 'expiry-key', '@kubernetes/client-node/dist/gcp_auth.js'],
  ['WebSocket', 'Sec-WebSocket-Key', 'ws/lib/websocket.js'],
  ['YAML', 'unexpected end of the document within', 'js-yaml/lib/loader.js'],
  ['whatwg-url', 'cannotHaveAUsernamePasswordPort', 'whatwg-url/lib/url-state-machine.js'],
  ['the generated API', 'attributeTypeMap', '@kubernetes/client-node/dist/gen/models/V1Pod.js'],
  ['the log of iovalkey', 'supports-color', 'debug/src/node.js'],
  ['Sentinel', 'All sentinels are unreachable', 'iovalkey/built/connectors/SentinelConnector/index.js'],
])('%s', (_, words, file) => {
  expect(readFileSync(`${MODULES}/${file}`, 'latin1')).toContain(words);
  expect(bundle).not.toContain(words);
});

it('modules of Node.js that are not needed', () => {
  const required = [...bundle.matchAll(/require\("(?:node:)?([a-z_/]+)"\)/g)].map(([, name]) => name);
  expect(required).toContain('https');
  for (const name of ['assert', 'child_process', 'worker_threads', 'cluster']) expect(required).not.toContain(name);
});
