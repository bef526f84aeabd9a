// The operator's own events: one is sent a check and looked for in Postgres; those that were not found are looked for again.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

import type { Release } from '../../api/glitchtip-releases.js';
import { ingestAddress, type GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { Canary, Login } from '../../controllers/ports.js';
import type { CanaryFacts } from '../../core/health/health-facts.js';
import type { Clock } from '../../runtime/clock.js';
import { CANARY_ID } from './canary-rows.js';
import { countInserts, findEvents, removeEvents } from './event-rows.js';
import { CLOCK_SKEW, ensureCanary } from './glitchtip-tables.js';
import { addressOf, isOfStatement } from './postgres-client.js';
import { sendEvent } from '../web/send-event.js';
import { codeOf } from '../web/web-observer.js';

/** Between two queries for an event. Milliseconds. */
const POLL_EVERY = 500;
/** Those that are looked for at most; older ones are given up. */
const MOST_MISSING = 10;
/** Between two deletions of what the checks have left. Milliseconds. */
const CLEAN_EVERY = 600_000;
/** What is younger may still be on its way. Milliseconds. */
const CLEAN_OLDER_THAN = 60_000;
/** Only these are searched for rows to delete: a day's partition or two. Milliseconds. */
const CLEAN_YOUNGER_THAN = 86_400_000;

interface Sent {
  readonly id: string;
  /** Milliseconds since the epoch: where in the table it is. */
  readonly at: number;
  /** The same by the monotonic clock: how long it takes. A wall clock that is set back would have a check wait for as long. */
  readonly since: number;
}

interface Place {
  readonly spec: GlitchTipSpec;
  /** Whose tables are there. */
  readonly release: Release;
  readonly operator: Login;
  readonly signal: AbortSignal;
}

/** Of one resource. Remembers, in memory alone, which events are missing. */
export class Canaries {
  #missing: readonly Sent[] = [];
  #cleanedAt = -Infinity;

  constructor(private readonly clock: Pick<Clock, 'now' | 'monotonic'>) {}

  async follow(client: pg.Client, place: Place): Promise<CanaryFacts> {
    const canary = (await this.#readKey(client)) ?? (await ensureCanary(addressOf(place.spec, place.signal), place.operator));
    const late = await this.#findLate(client, place.release);
    const stored = await countInserts(client);
    const sent: Sent = { id: randomUUID(), at: this.clock.now(), since: this.clock.monotonic() };
    const refusal = await this.#send(place, canary, sent);
    if (refusal) return refusal;
    const seconds = await this.#waitFor(client, sent, place);
    await this.#clean(client, place.release).catch(passOn);
    if (seconds !== undefined) {
      this.#missing = [];
      return { kind: 'stored', seconds };
    }
    const oldest = this.#missing[0] ?? sent;
    this.#missing = [...this.#missing, sent].slice(-MOST_MISSING);
    return {
      kind: 'not stored', oldestSeconds: (this.clock.monotonic() - oldest.since) / 1_000, storedMeanwhile: Math.max(0, (await countInserts(client)) - stored),
      ...(late === undefined ? {} : { lateSeconds: late }),
    };
  }

  /** Read each time: after a restore of the database an old key would block the project for half a minute. */
  async #readKey(client: pg.Client): Promise<Canary | undefined> {
    const { rows } = await client.query<{ key: string }>('SELECT public_key::text AS key FROM projects_projectkey WHERE id = $1 AND project_id = $1', [CANARY_ID]);
    const key = rows[0]?.key;
    return key === undefined ? undefined : { project: CANARY_ID, key: key.replaceAll('-', '') };
  }

  /** Seconds that the newest of those took that came after all; the moment is that of the look, so it may have come earlier. */
  async #findLate(client: pg.Client, release: Release): Promise<number | undefined> {
    if (this.#missing.length === 0) return undefined;
    const found = await findSent(client, release, this.#missing);
    const late = this.#missing.filter(({ id }) => found.has(id)).at(-1);
    this.#missing = this.#missing.filter(({ id }) => !found.has(id));
    return late && (this.clock.monotonic() - late.since) / 1_000;
  }

  async #send({ spec, signal }: Place, canary: Canary, { id }: Sent): Promise<CanaryFacts | undefined> {
    try {
      const status = await sendEvent(ingestAddress(spec), { canary, id: id.replaceAll('-', '') }, signal);
      return status === 200 ? undefined : { kind: 'refused', status };
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'silent', code: codeOf(error) };
    }
  }

  async #waitFor(client: pg.Client, sent: Sent, { spec, release, signal }: Place): Promise<number | undefined> {
    const accepted = this.clock.monotonic();
    const deadline = accepted + spec.health.storedWithinSeconds * 1_000;
    for (;;) {
      if ((await findSent(client, release, [sent])).has(sent.id)) return (this.clock.monotonic() - accepted) / 1_000;
      if (this.clock.monotonic() >= deadline) return undefined;
      await sleep(POLL_EVERY, undefined, { signal });
    }
  }

  /** Rows of the canary's own issue alone, which nothing refers to; issue and project stay, because batches of the worker name them. */
  async #clean(client: pg.Client, release: Release): Promise<void> {
    if (this.clock.monotonic() - this.#cleanedAt < CLEAN_EVERY) return;
    this.#cleanedAt = this.clock.monotonic();
    const { rows } = await client.query<{ id: string }>('SELECT id::text AS id FROM issue_events_issue WHERE project_id = $1 LIMIT 5', [CANARY_ID]);
    if (rows.length === 0) return;
    await removeEvents(client, release, rows.map(({ id }) => id), { from: this.clock.now() - CLEAN_YOUNGER_THAN, until: this.clock.now() - CLEAN_OLDER_THAN });
  }
}

/** The next deletion makes up for a failed one, which changes no result. */
function passOn(error: unknown): void {
  if (!isOfStatement(error)) throw error;
}

function findSent(client: pg.Client, release: Release, events: readonly Sent[]): Promise<ReadonlySet<string>> {
  const times = events.map(({ at }) => at);
  return findEvents(client, release, events.map(({ id }) => id), { from: Math.min(...times) - CLOCK_SKEW, until: Math.max(...times) + CLOCK_SKEW });
}
