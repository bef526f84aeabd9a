// GET /status: what the gateway is doing, put together from its parts.
import type { DamagedPlaces } from '../delivery/damaged-places.js';
import type { Delivery } from '../delivery/delivery.js';
import type { Hold, HoldState } from '../delivery/hold.js';
import type { Keep } from '../delivery/keep.js';
import type { SetAside } from '../delivery/set-aside.js';
import type { Turn } from '../delivery/turn.js';
import type { WorkerStart } from '../delivery/worker-start.js';
import type { Moving } from '../move/moving.js';
import type { SharedVolume } from '../spool/ownership.js';
import type { Spool } from '../spool/spool.js';
import type { GatewayStatus, HoldStatus, KeepStatus } from './control-answers.js';
import type { IngestCounts } from './ingest-counts.js';

export interface Observed {
  readonly name: string;
  /** Milliseconds of Unix time. */
  readonly startedAt: number;
  readonly maxBytes: number;
  readonly volume: Pick<SharedVolume, 'others'>;
  readonly spool: Pick<Spool, 'liveBytes' | 'keptBytes' | 'keptDropped' | 'segments'>;
  /** Number of the destination in the spool's marks. */
  readonly destination: number;
  readonly delivery: Pick<Delivery, 'entries' | 'window' | 'oldest' | 'oldestWaiting' | 'resent'>;
  readonly turn: Pick<Turn, 'isOurs'>;
  readonly hold: Pick<Hold, 'look'>;
  readonly keep: Pick<Keep, 'look'>;
  readonly workerStart: Pick<WorkerStart, 'read'>;
  readonly moving: Pick<Moving, 'look' | 'status'>;
  readonly setAside: Pick<SetAside, 'ids' | 'dropped'>;
  readonly damaged: Pick<DamagedPlaces, 'count'>;
  readonly counts: Pick<IngestCounts, 'refused' | 'ignored' | 'disbelieved' | 'plain'>;
  /** Milliseconds of Unix time; undefined: no events come by plain http. */
  readonly plainUntil: number | undefined;
}

/** @throws the system's error when the volume cannot be looked at */
export function observeStatus({ spool, delivery, counts, ...observed }: Observed, now: number): GatewayStatus {
  const { window } = delivery;
  // Another gateway may have begun or ended it a moment ago.
  const hold = observed.hold.look();
  const workerStartedAt = observed.workerStart.read();
  observed.moving.look();
  const { status: move } = observed.moving;
  return {
    gateway: observed.name,
    startedAt: instant(observed.startedAt),
    others: observed.volume.others(),
    spool: { liveBytes: spool.liveBytes, limitBytes: observed.maxBytes, ...age('oldestSeconds', delivery.oldest, now), ...age('waitingSeconds', delivery.oldestWaiting, now) },
    records: countRecords({ spool, delivery, destination: observed.destination }),
    window: window.closed ? { allowedBytes: 0, closed: window.closed.why } : { allowedBytes: window.allowed },
    delivers: observed.turn.isOurs,
    setAside: observed.setAside.ids().length,
    setAsideDropped: observed.setAside.dropped,
    damaged: observed.damaged.count,
    refused: counts.refused,
    ignored: counts.ignored,
    ...(observed.plainUntil === undefined ? {} : { plain: { until: instant(observed.plainUntil), projects: counts.plain } }),
    ...(counts.disbelieved ? { disbelieved: counts.disbelieved } : {}),
    ...(hold ? { hold: holdStatus(hold) } : {}),
    ...keepStatus({ spool, keep: observed.keep, destination: observed.destination }),
    ...(workerStartedAt === undefined ? {} : { workerStartedAt: instant(workerStartedAt) }),
    ...(move ? { move } : {}),
  };
}

/** Those that the delivery has not come to yet wait. */
function countRecords({ spool, delivery, destination }: Pick<Observed, 'spool' | 'delivery' | 'destination'>): GatewayStatus['records'] {
  const given = delivery.entries.filter(({ state }) => state === 'sending' || state === 'taken' || state === 'limbo');
  const limbo = given.filter(({ state }) => state === 'limbo').length;
  const underWay = given.length - limbo;
  const left = spool.segments.reduce((sum, segment) => sum + segment.left(destination), 0);
  // Of hours of lost events there may be more than a call takes arguments.
  const largestBytes = given.reduce((most, { header }) => Math.max(most, header.size), 0);
  return { waiting: Math.max(0, left - given.length), underWay, limbo, ...(given.length === 0 ? {} : { largestBytes }), resent: delivery.resent };
}

function keepStatus({ spool, keep, destination }: Pick<Observed, 'spool' | 'keep' | 'destination'>): { readonly keep?: KeepStatus } {
  const { round, on } = keep.look();
  if (!on) return {};
  const count = (isWanted: (of: number) => boolean) => spool.segments.reduce((sum, segment) => sum + segment.keptRecords(destination, isWanted).length, 0);
  const unchecked = count((of) => of !== round);
  return { keep: { since: instant(on.since), why: on.why, records: unchecked + count((of) => of === round), bytes: spool.keptBytes, unchecked, dropped: spool.keptDropped } };
}

export function holdStatus({ since, why }: HoldState): HoldStatus {
  return { since: instant(since), why };
}

/** In whole seconds; nothing where nothing is. */
function age<Name extends string>(name: Name, since: number | undefined, now: number): { readonly [key in Name]?: number } {
  return since === undefined ? {} : { [name]: Math.max(0, Math.floor((now - since) / 1_000)) } as Record<Name, number>;
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
