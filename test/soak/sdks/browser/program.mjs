// A browser with an application's page in it: for each line of its input the page sends something, and its id is printed once that is answered or dropped.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { URL, fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Where package.json is installed. */
const { SDK_FOLDER: installed, CHROMIUM: executablePath, SENTRY_DSN: dsn, TRACE_LIFECYCLE: traceLifecycle, EXTRA_HEADERS: headers = '{}' } = process.env;
const { chromium } = createRequire(join(installed, 'package.json'))('playwright-core');

const { outputFiles: [script] } = await build({
  entryPoints: [fileURLToPath(new URL('page.js', import.meta.url))], nodePaths: [join(installed, 'node_modules')], bundle: true, format: 'iife', write: false, logLevel: 'warning',
});
const site = createServer((request, response) => {
  const [type, body] = request.url === '/' ? ['text/html', '<!doctype html><title>Shop</title><script src="/page.js"></script>'] : ['text/javascript', script.text];
  response.writeHead(200, { 'content-type': type }).end(body);
});
await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage();
// What the browser says of CORS is said there.
page.on('console', (message) => process.stderr.write(`${message.text()}\n`));
// Another origin than the DSN's, which is 127.0.0.1.
await page.goto(`http://localhost:${site.address().port}/`);
await page.evaluate((options) => globalThis.start(options), { dsn, traceLifecycle, headers: JSON.parse(headers) });
for await (const command of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await page.evaluate((name) => globalThis.send(name), command))}\n`);
}
await browser.close();
site.close();
