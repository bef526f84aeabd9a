// The program that https-edge.ts starts on the node: sends the requests on its command line one after the other, and prints what came of each.
import { NoAnswer, send, type HttpRequest } from '../../sdk/http-client.js';
import type { Outcome } from './https-edge.js';

const outcomes: Outcome[] = [];
for (const request of JSON.parse(process.argv[2] ?? '[]') as HttpRequest[]) {
  try {
    const { status, headers, body } = await send(request);
    outcomes.push({ status, headers, body: body.slice(0, 4_096) });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    outcomes.push({ code: error.code });
  }
}
console.log(JSON.stringify(outcomes));
