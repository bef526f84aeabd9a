// The move, put together: its order on the volume, who leads the spool, the delivery to the old Sentry, and what became of events on either side.
import { join } from 'node:path';
import type { MoveStatus } from '../control/control-answers.js';
import type { Leader, MoveOrder } from '../core/move-order.js';
import type { ProjectShares } from '../core/project-shares.js';
import { decodeHeader, type RecordHeader } from '../core/record.js';
import { GLITCHTIP, OLD_SENTRY } from '../spool/destination-numbers.js';
import type { SpoolFiles } from '../spool/files.js';
import type { DroppedRecord } from '../spool/followers.js';
import type { Spool } from '../spool/spool.js';
import type { Side } from './comparison.js';
import { MoveCounts, type MoveCount } from './move-counts.js';
import { Move } from './move.js';
import { OldDelivery, type OldDeliveryPorts } from './old-delivery.js';

export interface MovingPorts extends Pick<OldDeliveryPorts, 'send' | 'now' | 'failed'> {
  readonly files: SpoolFiles;
  /** Folder of the volume. */
  readonly root: string;
  /** Of this gateway. */
  readonly name: string;
  readonly shares: Pick<ProjectShares, 'letGo'>;
}

const DESTINATIONS: Readonly<Record<Leader, number>> = { glitchtip: GLITCHTIP, old: OLD_SENTRY };

export class Moving {
  readonly move: Move;
  readonly counts: MoveCounts;
  readonly #dropped = { glitchtip: 0, old: 0 };
  #spool: Pick<Spool, 'lead' | 'segments'> | undefined;
  #delivery: OldDelivery | undefined;
  #leads: Leader | undefined;
  #ledAt: number | undefined;

  constructor(private readonly ports: MovingPorts) {
    const { files, root, name, now } = ports;
    this.move = new Move(files, join(root, 'move.json'), now);
    this.counts = new MoveCounts(files, join(root, 'move-counts'), name, now);
    this.counts.begin(this.#since);
  }

  /** Its records are given to the old Sentry from now on. @throws the system's error */
  begin(spool: OldDeliveryPorts['spool'] & Pick<Spool, 'lead'>): void {
    this.#spool = spool;
    this.#delivery = new OldDelivery({ ...this.ports, spool, move: this.move, count: (what) => this.count(what) });
    this.look();
  }

  /** As the volume has it now: another gateway may have been told something else. @throws the system's error */
  look(): void {
    this.move.look();
    this.#lead();
  }

  /** As Move.put(); it counts when it returns. */
  put(order: MoveOrder): ReturnType<Move['put']> {
    const state = this.move.put(order);
    this.#lead();
    return state;
  }

  /** As Move.end(); nobody waits for the old one when it returns. */
  end(): void {
    this.move.end();
    this.#lead();
    this.#delivery?.give();
  }

  /** @throws the system's error */
  give(): void {
    this.#delivery?.give();
  }

  count(what: MoveCount): void {
    if (what.kind === 'came') this.#ledAt ??= this.ports.now();
    this.counts.note(what);
  }

  /** What was seen in Postgres. */
  stored({ move, ...header }: RecordHeader): void {
    if (move) this.count({ kind: 'has', record: { ...header, move }, side: 'glitchtip' });
  }

  /** What GlitchTip refused, or never stored. */
  setAside({ move, ...header }: RecordHeader, why: string): void {
    if (move) this.count({ kind: 'lacks', record: { ...header, move }, side: 'glitchtip', why });
  }

  /** What the one that follows is not given, for it fell behind. */
  dropped({ destination, header: bytes, bytes: size }: DroppedRecord): void {
    const header = decodeHeader(bytes);
    const side: Side = destination === OLD_SENTRY ? 'old' : 'glitchtip';
    this.#dropped[side] += 1;
    if (!header) return;
    if (side === 'glitchtip') this.ports.shares.letGo(header.project, size);
    if (header.move) this.count({ kind: 'lacks', record: { ...header, move: header.move }, side, why: 'it fell behind by more than its share of the spool' });
  }

  /** Another gateway of the volume is gone, and its records are ours. @throws the system's error */
  adopted(gateways: readonly string[]): void {
    for (const gateway of gateways) this.counts.endedAbruptly(gateway, this.#since);
  }

  /** Undefined: there is no move. */
  get status(): MoveStatus | undefined {
    const { current } = this.move;
    if (!current || current === 'damaged' || !this.#spool || !this.#delivery) return undefined;
    const { since, leads, share, pairs } = current;
    const { oldest, closed, counts, refusedAt } = this.#delivery;
    const sum = (of: (segment: Spool['segments'][number]) => number) => this.#spool?.segments.reduce((total, segment) => total + of(segment), 0) ?? 0;
    return {
      leads, since: instant(since), share, pairs: pairs.length,
      waiting: {
        records: sum((segment) => segment.left(OLD_SENTRY)), bytes: sum(({ bytes }) => bytes.of(OLD_SENTRY)),
        ...(oldest === undefined ? {} : { oldest: instant(oldest) }),
      },
      ...counts,
      ...(refusedAt === undefined ? {} : { refusedAt: instant(refusedAt) }),
      dropped: this.#dropped.glitchtip + this.#dropped.old,
      ...(closed ? { closed: { why: closed.why, until: instant(closed.until) } } : {}),
      ...(this.#ledAt === undefined ? {} : { ledAt: instant(this.#ledAt) }),
    };
  }

  /** Resolves when nothing is on its way to the old one, and the counts are written. @throws the system's error */
  async stop(): Promise<void> {
    await this.#delivery?.isIdle();
    this.counts.end();
  }

  get #since(): number | undefined {
    const { current } = this.move;
    return current === undefined || current === 'damaged' ? undefined : current.since;
  }

  #lead(): void {
    const { current } = this.move;
    if (current === 'damaged') return;
    const { leads, share } = current ?? { leads: undefined, share: 100 };
    if (leads !== this.#leads) this.#ledAt = undefined;
    this.#leads = leads;
    this.#spool?.lead({ destination: DESTINATIONS[leads ?? 'glitchtip'], share: share / 100 });
  }
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
