// One way to keep records, under a load of 1,000 a second of 4 KB: how long each waits until it is durable. `spool-program.ts KIND SECONDS FOLDER`.
import { open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Spool } from '../../gateway/spool/spool.js';
import { realFiles } from '../../gateway/spool/files.js';
import { encodeRecord } from '../../gateway/spool/segment-format.js';
import type { SpoolCost } from './spool.js';

type Append = (header: Buffer, body: Buffer) => Promise<unknown>;

const RATE = 1_000;
const HEADER = Buffer.from(JSON.stringify({ id: 'a'.repeat(32), project: 1, key: 'b'.repeat(32), events: [{ type: 'event', id: 'c'.repeat(32) }] }));
const BODY = Buffer.alloc(4_096, 'x');

/** What the gateway does: one write and one sync, in the loop, for all that arrived. */
function segments(folder: string): Append {
  const spool = Spool.open({ files: realFiles, folder, maxBytes: 2 ** 40, destinations: [0], defer: setImmediate, onDamage: () => undefined });
  return (header, body) => spool.append(header, body);
}

/** The same by the thread pool. */
async function threadPool(folder: string): Promise<Append> {
  const file = await open(join(folder, 'records'), 'w');
  let waiting: { readonly buffers: readonly Buffer[]; readonly done: () => void }[] = [];
  let isWriting = false;
  const write = async (): Promise<void> => {
    isWriting = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await file.writev(batch.flatMap(({ buffers }) => buffers));
      await file.datasync();
      for (const { done } of batch) done();
    }
    isWriting = false;
  };
  return (header, body) => new Promise<void>((done) => {
    waiting.push({ buffers: encodeRecord(header, body, 1), done });
    if (!isWriting) void write();
  });
}

interface Sqlite {
  readonly DatabaseSync: new (path: string) => { exec(sql: string): void; prepare(sql: string): { run(...values: readonly Buffer[]): unknown } };
}

/** One transaction for all that arrived. Node.js 22.5 and newer. */
function sqlite(folder: string): Append {
  const { DatabaseSync } = createRequire(import.meta.url)('node:sqlite') as Sqlite;
  const database = new DatabaseSync(join(folder, 'spool.db'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE records (id INTEGER PRIMARY KEY, header BLOB, body BLOB)');
  const insert = database.prepare('INSERT INTO records (header, body) VALUES (?, ?)');
  let waiting: { readonly values: readonly [Buffer, Buffer]; readonly done: () => void }[] = [];
  const write = (): void => {
    const batch = waiting;
    waiting = [];
    database.exec('BEGIN');
    for (const { values } of batch) insert.run(...values);
    database.exec('COMMIT');
    for (const { done } of batch) done();
  };
  return (header, body) => new Promise<void>((done) => {
    if (waiting.length === 0) setImmediate(write);
    waiting.push({ values: [header, body], done });
  });
}

async function measure(append: Append, seconds: number): Promise<SpoolCost> {
  const waits: number[] = [];
  const began = performance.now();
  const cpu = process.cpuUsage();
  let sent = 0;
  await new Promise<void>((resolve, reject) => {
    const timer = setInterval(() => {
      const due = Math.min(RATE * seconds, Math.floor(((performance.now() - began) / 1_000) * RATE));
      for (; sent < due; sent += 1) {
        const at = performance.now();
        append(HEADER, BODY).then(() => {
          waits.push(performance.now() - at);
          if (waits.length === RATE * seconds) resolve();
        }, reject);
      }
      if (sent === RATE * seconds) clearInterval(timer);
    }, 1);
  });
  const { user, system } = process.cpuUsage(cpu);
  return { waits, cores: (user + system) / 1_000 / (performance.now() - began), resident: process.memoryUsage.rss() };
}

const [kind = '', seconds = '', folder = ''] = process.argv.slice(2);
const append = kind === 'segments' ? segments(folder) : kind === 'thread pool' ? await threadPool(folder) : sqlite(folder);
console.log(JSON.stringify(await measure(append, Number(seconds))));
