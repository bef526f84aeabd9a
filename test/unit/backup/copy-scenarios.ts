// A database that was dumped and restored as it should be, a manifest of it, and a store in memory.
import { writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import type { DatabaseFacts } from '../../../backup/core/database-facts.js';
import type { Fingerprint, Manifest } from '../../../backup/core/manifest.js';
import type { Expected } from '../../../backup/core/verification.js';
import type { CopyStore, StoredObject } from '../../../backup/storage/copy-store.js';

export const EXPECTED: Expected = { systemIdentifier: '7123', database: 'glitchtip', migration: 'users.0042_last' };

export const FACTS: DatabaseFacts = {
  server: { systemIdentifier: '7123', database: 'glitchtip', serverVersion: '17.6', lsn: '0/1A2B', bytes: 40_000_000, at: '2026-11-29T02:30:04Z' },
  content: { migration: 'users.0042_last', organizations: 2, users: 3, partitionsNow: 1 },
  tables: [
    { table: 'public.django_migrations', rows: 210 },
    { table: 'public.django_session', rows: 900 },
    { table: 'public.event_20261128', rows: 4_000, partitionOf: 'public.issue_events_issueevent' },
    { table: 'public.event_20261129', rows: 500, partitionOf: 'public.issue_events_issueevent' },
    { table: 'public.users_user', rows: 3 },
  ],
};

export const fingerprint = (text: string): Fingerprint => ({ bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') });

export function manifestOf(name: string, change: Partial<Manifest> = {}): Manifest {
  const { server, content, tables } = FACTS;
  return {
    format: 1, name, startedAt: server.at, finishedAt: '2026-11-29T02:33:00.000Z', release: '5.2',
    database: { name: server.database, systemIdentifier: server.systemIdentifier, lsn: server.lsn, serverVersion: server.serverVersion, bytes: server.bytes, migration: content.migration ?? '', tables: [...tables] },
    dump: { key: `copies/${name}/database.dump`, stored: fingerprint('dump') },
    uploads: [], verified: { how: 'counts' }, seconds: { dump: 20 },
    ...change,
  };
}

/** As facts.sql says them. */
export function factsText(): string {
  return [FACTS.server, FACTS.content, ...FACTS.tables, { end: true }].map((line) => JSON.stringify(line)).join('\n');
}

/** What dump.sh and restore.sh leave of a run that was well. */
export function leaveRun(work: string, dump: string): void {
  const files = {
    'database.dump': dump, 'database.dump.sha256': `${fingerprint(dump).sha256}  database.dump\n`, 'pg_dump.version': 'pg_dump (PostgreSQL) 17.6 (Debian 17.6-1)\n',
    'dumped.facts': factsText(), 'restored.facts': factsText(), seconds: '{"step":"dump","seconds":55}\n{"step":"restore","seconds":101}\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text);
}

/** What a store keeps, and every call that changed it. */
export class MemoryStore implements CopyStore {
  readonly where = 's3';
  readonly calls: string[] = [];

  constructor(readonly objects = new Map<string, string>()) {}

  list(): Promise<readonly StoredObject[]> {
    return Promise.resolve([...this.objects].map(([key, text]) => ({ key, bytes: Buffer.byteLength(text, 'latin1') })));
  }

  async put(key: string, file: string): Promise<void> {
    this.calls.push(`put ${key}`);
    if (this.objects.has(key)) throw new Error(`${key} is there`);
    this.objects.set(key, await readFile(file, 'latin1'));
  }

  read(key: string): Promise<string | undefined> {
    return Promise.resolve(this.objects.get(key));
  }

  fingerprint(key: string): Promise<Fingerprint | undefined> {
    const text = this.objects.get(key);
    return Promise.resolve(text === undefined ? undefined : { bytes: Buffer.byteLength(text, 'latin1'), sha256: createHash('sha256').update(text, 'latin1').digest('hex') });
  }

  async fetch(key: string, file: string): Promise<Fingerprint | undefined> {
    const text = this.objects.get(key);
    if (text !== undefined) await writeFile(file, text, 'latin1');
    return this.fingerprint(key);
  }

  remove(key: string): Promise<void> {
    this.calls.push(`remove ${key}`);
    this.objects.delete(key);
    return Promise.resolve();
  }
}
