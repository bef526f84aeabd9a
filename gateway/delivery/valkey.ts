// The gateway's own connection to Valkey: one, kept, made anew with the password of that moment when it broke.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'iovalkey';
import { VALKEY_GATEWAY_USER } from '../../operator/api/object-names.js';
import type { GatewayConfig } from '../environment.js';

/** Milliseconds. */
const TIMEOUT = 5_000;

/** @throws the system's error when the password cannot be read */
export function openValkey({ host, port }: NonNullable<GatewayConfig['valkey']>, credentials: string): Redis {
  const read = () => readFileSync(join(credentials, 'valkey-password'), 'utf8').trim();
  const client = new Redis({ host, port, username: VALKEY_GATEWAY_USER, password: read(), lazyConnect: true, connectTimeout: TIMEOUT, commandTimeout: TIMEOUT, maxRetriesPerRequest: 0, enableReadyCheck: false });
  client.on('error', () => undefined);
  client.on('close', () => {
    try {
      client.options.password = read();
    } catch {
      // The one that it had may still be right.
    }
  });
  return client;
}
