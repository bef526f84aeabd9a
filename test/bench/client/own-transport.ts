// As requests.ts with kept connections, with the operator's node:https under the library's request layer instead of node-fetch.
import { Agent } from 'node:https';
import { HttpMethod, ServerConfiguration } from '@kubernetes/client-node';
import { httpsTransport } from '../../../operator/io/kubernetes/https-transport.js';
import { loadConfiguration } from './configuration.js';
import { COLLECTION, SERVER, keepAsking, readCredentials } from './place.js';
import './watch.js';

const config = loadConfiguration();
const server = new ServerConfiguration(SERVER, {});
const agent = new Agent({ keepAlive: true, maxSockets: 4, maxFreeSockets: 1, ca: readCredentials().ca });

keepAsking(async () => {
  const context = server.makeRequestContext(COLLECTION, HttpMethod.GET);
  context.setHeaderParam('accept', 'application/json');
  await config.applySecurityAuthentication(context);
  context.setAgent(agent);
  const response = await httpsTransport.send(context).toPromise();
  if (response.httpStatusCode !== 200) throw new Error(`status ${response.httpStatusCode}`);
  JSON.parse(await response.body.text());
});
