// KubeConfig, Watch and the library's request layer, below its generated API. KEEP: with connections that are kept. ACCEPT: what is asked for.
import { Agent } from 'node:https';
import { HttpMethod, IsomorphicFetchHttpLibrary, ServerConfiguration } from '@kubernetes/client-node';
import { loadConfiguration } from './configuration.js';
import { COLLECTION, SERVER, keepAsking, readCredentials } from './place.js';
import './watch.js';

const config = loadConfiguration();
const server = new ServerConfiguration(SERVER, {});
const http = new IsomorphicFetchHttpLibrary();
const agent = process.env['KEEP'] === undefined ? undefined : new Agent({ keepAlive: true, maxSockets: 4, maxFreeSockets: 1, ca: readCredentials().ca });

keepAsking(async () => {
  const context = server.makeRequestContext(COLLECTION, HttpMethod.GET);
  context.setHeaderParam('accept', process.env['ACCEPT'] ?? 'application/json');
  await config.applySecurityAuthentication(context);
  if (agent) context.setAgent(agent);
  const response = await http.send(context).toPromise();
  if (response.httpStatusCode !== 200) throw new Error(`status ${response.httpStatusCode}`);
  JSON.parse(await response.body.text());
});
