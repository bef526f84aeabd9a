// Composition root of the gateway: reads its configuration, runs until a signal ends it.
import { pino } from 'pino';
import { readGatewayConfig } from './environment.js';
import { Gateway } from './gateway.js';

const config = readGatewayConfig(process.env);
const log = pino({ level: config.logLevel, base: { instance: config.name }, timestamp: pino.stdTimeFunctions.isoTime });

async function main(): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const gateway = new Gateway(config, (message, fields) => log[fields['error'] === undefined ? 'info' : 'warn'](fields, message));
  log.info({ release: config.release, node: process.version }, 'gateway starts');
  await gateway.run(stop.signal);
  log.info('gateway stopped');
}

// No top-level await: the bundle is CommonJS, which starts with less memory than an ES module from a string.
void main().catch((error: unknown) => {
  log.fatal({ err: error }, 'gateway failed');
  // At once: a port that listens already would keep it alive, and Kubernetes would not start it again.
  process.exit(1);
});
