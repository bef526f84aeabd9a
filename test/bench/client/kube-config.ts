// KubeConfig alone: it says where the API server is and who we are; the request is node:https.
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { loadConfiguration } from './configuration.js';
import { COLLECTION, SERVER, keepAsking } from './place.js';

const config = loadConfiguration();

async function list(): Promise<void> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${SERVER}${COLLECTION}`, options, resolve).on('error', reject).end();
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

keepAsking(list);
