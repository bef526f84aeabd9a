// Requests and a watch over node:https, with one kept connection: what speaking TLS costs without any library.
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { COLLECTION, SERVER, keepAsking, readCredentials } from './place.js';

const agent = new Agent({ keepAlive: true, maxSockets: 4, maxFreeSockets: 1 });

function get(path: string): Promise<IncomingMessage> {
  const { ca, authorization } = readCredentials();
  return new Promise((resolve, reject) => {
    request(`${SERVER}${path}`, { ca, agent, headers: { accept: 'application/json', authorization } }, resolve).on('error', reject).end();
  });
}

async function list(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of await get(COLLECTION)) chunks.push(chunk as Buffer);
  JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

async function watch(): Promise<void> {
  for await (const line of createInterface({ input: await get(`${COLLECTION}?watch=true`) })) JSON.parse(line);
}

keepAsking(list);
void watch();
