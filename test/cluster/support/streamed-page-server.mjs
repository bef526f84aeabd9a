// The server that streamed-page.ts starts: one page in pieces, the next one when the reader asks for it at another address.
import console from 'node:console';
import { createServer } from 'node:http';
import process from 'node:process';

const [port, options] = process.argv.slice(2);
const { path, next, pieces } = JSON.parse(options);
let sent = 0;
let page;

const sendPiece = () => {
  page.write(`data: ${(sent += 1)}\n\n`);
  if (sent === pieces) page.end();
};

createServer((request, response) => {
  if (request.url === path) {
    [sent, page] = [0, response];
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    sendPiece();
    return;
  }
  if (request.url === next) sendPiece();
  // Also to the probes of the pod.
  response.end('ok');
}).listen(Number(port), '0.0.0.0', () => console.log('listening'));
