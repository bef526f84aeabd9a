// Where a program of the client measurement finds its API server, and how often it asks it.
import { readFileSync } from 'node:fs';

const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '', SERVICE_ACCOUNT_DIR: folder = '', COLLECTION: collection = '' } = process.env;

export const SERVER = `https://${host}:${port}`;
/** Of a collection of ConfigMaps. */
export const COLLECTION = collection;
export const CA_FILE = `${folder}/ca.crt`;
export const TOKEN_FILE = `${folder}/token`;

/** More often than the operator does. Milliseconds. */
const EVERY = 1_000;

/** Asks again and again. A program that cannot ask ends, so that nothing is measured of it. */
export function keepAsking(ask: () => Promise<unknown>): void {
  setInterval(() => {
    ask().catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  }, EVERY);
}

export function readCredentials(): { readonly ca: string; readonly authorization: string } {
  return { ca: readFileSync(CA_FILE, 'utf8'), authorization: `Bearer ${readFileSync(TOKEN_FILE, 'utf8').trim()}` };
}
