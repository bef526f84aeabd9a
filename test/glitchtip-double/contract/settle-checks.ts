/**
 * What is believed of GlitchTip 6.2 and was read in sources alone, asked of a running one: the list "to settle on a running 6.2.6". In their order; each finds
 * the server as the one before left it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from '../../api/control-plane.js';
import { AS_OPERATOR, type GlitchTipSix, KEY } from '../../api/glitchtip-six.js';
import { newId } from './contract-row.js';
import { send } from './contract-client.js';

export interface SettleCheck {
  readonly what: string;
  /** What the product, its fixtures and the double are made by. */
  readonly believed: string | RegExp;
  /** @returns what is so, in words or figures */
  readonly ask: (server: GlitchTipSix) => Promise<string>;
}

/** Seconds. */
const STORED_WITHIN = 30;
const INGEST = 'vtasks:q:ingest';

let web: Program | undefined;
let worker: Program | undefined;

const envelope = (id: string) => `{"event_id":"${id}"}\n{"type":"event"}\n${JSON.stringify({ event_id: id, message: 'to settle' })}\n`;

async function post(server: GlitchTipSix, id = newId(), { key = KEY, host = 'localhost' } = {}): Promise<number> {
  const headers = { host, 'x-sentry-auth': `Sentry sentry_version=7, sentry_client=contract/1, sentry_key=${key}` };
  return (await send(`http://127.0.0.1:${server.port}`, new Map(), { method: 'POST', path: '/api/1/envelope/', headers, body: envelope(id), anonymous: true })).status;
}

const length = async (server: GlitchTipSix, key: string) => Number(await server.valkey.command(AS_OPERATOR, 'LLEN', key));
const lines = async (server: GlitchTipSix, sql: string) => (await server.sql<{ line: string }>(sql)).map(({ line }) => line).join(', ');

async function countStored(server: GlitchTipSix, ids: readonly string[]): Promise<number> {
  const list = ids.map((id) => `'${id}'`).join(', ');
  const deadline = Date.now() + STORED_WITHIN * 1_000;
  for (;;) {
    const [found] = await server.sql<{ n: number }>(`SELECT count(*)::int AS n FROM issue_events_issueevent WHERE event_id IN (${list})`);
    if (found?.n === ids.length || Date.now() > deadline) return found?.n ?? 0;
    await sleep(200);
  }
}

const DAY = "SELECT inhrelid FROM pg_inherits WHERE inhparent = 'issue_events_issueevent'::regclass";

export const SETTLE_CHECKS: readonly SettleCheck[] = [
  {
    what: 'columns of events that statements use', believed: 'event_id uuid, id uuid, issue_id int8, organization_id int4, tags hstore, timestamp timestamptz',
    ask: (server) => lines(server, "SELECT column_name || ' ' || udt_name AS line FROM information_schema.columns WHERE table_name = 'issue_events_issueevent' AND column_name IN ('event_id', 'id', 'issue_id', 'organization_id', 'received', 'tags', 'timestamp') ORDER BY 1"),
  },
  { what: 'how events are partitioned', believed: 'RANGE (id)', ask: (server) => lines(server, "SELECT pg_get_partkeydef('issue_events_issueevent'::regclass) AS line") },
  { what: 'how a day of them is', believed: 'HASH (organization_id)', ask: (server) => lines(server, `SELECT DISTINCT coalesce(pg_get_partkeydef(inhrelid), 'a leaf') AS line FROM (${DAY}) d`) },
  { what: 'leaves of a day', believed: /^[24]$/, ask: (server) => lines(server, `SELECT DISTINCT (SELECT count(*) FROM pg_inherits WHERE inhparent = d.inhrelid)::text AS line FROM (${DAY}) d`) },
  { what: 'bounds of a day', believed: "FOR VALUES FROM ('uuid') TO ('uuid')", ask: (server) => lines(server, `SELECT DISTINCT regexp_replace(pg_get_expr(relpartbound, oid), '''[0-9a-f-]{36}''', '''uuid''', 'g') AS line FROM pg_class WHERE oid IN (${DAY})`) },
  {
    what: 'weekly tables', believed: /(?=.*projects_issueeventprojecthourlystatistic RANGE)/,
    ask: (server) => lines(server, "SELECT partrelid::regclass || ' ' || pg_get_partkeydef(partrelid) AS line FROM pg_partitioned_table WHERE partrelid::regclass::text ~ 'statistic$|issueaggregate$|issuetag$' ORDER BY 1"),
  },
  {
    what: 'an event for a host that ALLOWED_HOSTS lacks', believed: '200',
    ask: async (server) => {
      web = await server.start('web');
      return String(await post(server, newId(), { host: 'elsewhere.example' }));
    },
  },
  { what: 'a wrong key, and the right one beside it', believed: '403, 200', ask: async (server) => [await post(server, newId(), { key: 'b'.repeat(32) }), await post(server)].join(', ') },
  {
    what: 'an event without a worker: status, and how much longer the list that VTASKS_VALKEY_PREFIX names is', believed: '200, 1',
    ask: async (server) => {
      const before = await length(server, INGEST);
      return [await post(server), (await length(server, INGEST)) - before].join(', ');
    },
  },
  {
    what: 'the same while Valkey is full, and once more afterwards', believed: /^200, 0; 200, [01]$/,
    ask: async (server) => {
      const [id, before] = [newId(), await length(server, INGEST)];
      await server.valkey.command(AS_OPERATOR, 'CONFIG', 'SET', 'maxmemory', '1');
      const full = `${await post(server, id)}, ${(await length(server, INGEST)) - before}`;
      await server.valkey.command(AS_OPERATOR, 'CONFIG', 'SET', 'maxmemory', '0');
      return `${full}; ${await post(server, id)}, ${(await length(server, INGEST)) - before}`;
    },
  },
  {
    what: 'events of an organization without members: how many of 10 are stored by a worker with the rights of the application', believed: '10',
    ask: async (server) => {
      worker = await server.start('worker');
      const ids = Array.from({ length: 10 }, newId);
      for (const id of ids) await post(server, id);
      return String(await countStored(server, ids));
    },
  },
  {
    what: 'of 10 events that it got just before SIGTERM, a worker stores', believed: '10',
    ask: async (server) => {
      const ids = Array.from({ length: 10 }, newId);
      for (const id of ids) await post(server, id);
      await worker?.kill('SIGTERM');
      worker = await server.start('worker');
      const stored = await countStored(server, ids);
      await Promise.all([worker.kill('SIGTERM'), web?.kill('SIGTERM')]);
      return String(stored);
    },
  },
  {
    what: 'an event while MAINTENANCE_EVENT_FREEZE is on', believed: '500',
    ask: async (server) => {
      const frozen = await server.start('web', { MAINTENANCE_EVENT_FREEZE: 'True' });
      return String(await post(server).finally(() => frozen.kill('SIGTERM')));
    },
  },
  {
    what: 'the mail server of EMAIL_URL_FILE beside an EMAIL_URL', believed: /mail\.example:2525$/,
    ask: async (server) => {
      const print = 'import django; django.setup(); from django.conf import settings; print(f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}")';
      const output = await server.run(`printf smtp://mail.example:2525 > /tmp/url; EMAIL_URL_FILE=/tmp/url python -c '${print}'`, { DJANGO_SETTINGS_MODULE: 'glitchtip.settings' });
      return output.trim().split('\n').at(-1) ?? '';
    },
  },
  {
    what: 'one process with its queue in PostgreSQL stores of 10 events, and within a minute ends for SIGTERM', believed: '10, ended',
    ask: async (server) => {
      await server.run('./manage.py migrate --skip-checks; ./manage.py createcachetable', { VALKEY_URL: '' });
      const single = await server.start('single', { VALKEY_URL: '' });
      const ids = Array.from({ length: 10 }, newId);
      for (const id of ids) await post(server, id);
      const stored = await countStored(server, ids);
      single.signal('SIGTERM');
      for (let seconds = 0; seconds < 60 && !single.ended; seconds += 1) await sleep(1_000);
      const how = single.ended ? 'ended' : 'runs still';
      await single.kill();
      return `${stored}, ${how}`;
    },
  },
];
