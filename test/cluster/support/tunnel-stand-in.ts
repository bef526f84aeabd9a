// What stands in for cloudflared, whose image is not to be had here: a program of Node that answers as its server of health and metrics does
// (cloudflared 2024 to 2026, metrics/metrics.go and metrics/readiness.go), and has as many connections as it is told.
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { TUNNEL, TUNNEL_PORT } from '../../../charts/part-names.js';
import type { Stack } from './stack.js';

/** In the cluster already: of the operator. */
export const STAND_IN_IMAGE = 'docker.io/library/node:24-alpine';
/** Of its container. */
export const TUNNEL_CONTAINER = 'cloudflared';

interface Manifest {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
  readonly spec?: { readonly template?: { readonly spec?: { readonly containers?: { command?: string[] }[] } } };
}

/** SIGUSR2 takes its connections, and gives them back. */
const PROGRAM = `
let connections = 4;
process.on('SIGUSR2', () => { connections = connections === 0 ? 4 : 0; });
process.on('SIGTERM', () => process.exit(0));
require('node:http').createServer((request, response) => {
  const status = connections === 0 ? 503 : 200;
  if (request.url === '/ready') response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ status, readyConnections: connections, connectorId: '00000000-0000-4000-8000-000000000000' }));
  else if (request.url === '/healthcheck') response.end('OK');
  else if (request.url === '/metrics') response.end('cloudflared_tunnel_ha_connections ' + connections);
  else response.writeHead(404).end();
}).listen(${TUNNEL_PORT}, '0.0.0.0');
`;

/** Gives the Deployment of the manifests its program, before they are applied: the image has no cloudflared. */
export async function standInForTunnel(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter((each) => each.endsWith('.yaml'))) {
    const file = join(folder, name);
    const objects = parseAllDocuments(await readFile(file, 'utf8')).map((document) => document.toJS() as Manifest);
    const tunnel = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata?.name === TUNNEL);
    if (tunnel === undefined) continue;
    for (const container of tunnel.spec?.template?.spec?.containers ?? []) container.command = ['node', '--max-old-space-size=32', '-e', PROGRAM];
    await writeFile(file, objects.map((one) => stringify(one)).join('---\n'));
    return;
  }
  throw new Error(`there is no Deployment ${TUNNEL} in ${folder}`);
}

/** It loses its connections to Cloudflare, or has them again. */
export function toggleConnections(stack: Stack): Promise<string> {
  return stack.kubectl('exec', `deployment/${TUNNEL}`, '--container', TUNNEL_CONTAINER, '--', 'sh', '-c', 'kill -USR2 1');
}
