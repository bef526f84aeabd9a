// The program that reads a streamed page, and asks for each piece when it has the one before; prints them as they came.
import { request } from 'node:https';
import { send } from '../../sdk/http-client.js';

const [page = '', next = '', pieces = ''] = process.argv.slice(2);
/** Milliseconds until a piece is held to be held back. */
const PATIENCE = 20_000;

const read = await new Promise<readonly string[]>((resolve, reject) => {
  const found: string[] = [];
  const asking = request(page, { timeout: PATIENCE }, (response) => {
    response.setEncoding('utf8').on('error', reject).on('end', () => resolve(found)).on('data', (piece: string) => {
      found.push(piece.trim());
      if (found.length < Number(pieces)) send({ url: next }).catch(reject);
    });
  });
  asking.on('timeout', () => asking.destroy(new Error(`held back after ${found.length} pieces`))).on('error', reject).end();
});
console.log(JSON.stringify(read));
