// The gateway's connection to Postgres shows its password to no server.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openDatabase } from '../../../../gateway/delivery/database.js';
import { PASSWORD_REQUESTS, SilentServer } from '../../operator/io/postgres/silent-server.js';

let folder: string;
let server: SilentServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-login-'));
  await writeFile(join(folder, 'database-password'), 'of-this-test');
});
afterEach(async () => {
  server.stop();
  await rm(folder, { recursive: true });
});

it.each(PASSWORD_REQUESTS)('that asks for it %s', async (how, request) => {
  server = await SilentServer.start(Buffer.from(request, 'hex'));
  const pool = openDatabase({ database: { host: '127.0.0.1', port: server.port, name: 'glitchtip' }, credentials: folder });
  await expect(pool.query('SELECT 1')).rejects.toThrow(`it asks for the password ${how}, which is refused`);
  await pool.end();
  expect(server.sent).toHaveLength(1);
});
