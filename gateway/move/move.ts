/**
 * The move from an old Sentry: while it is on, what comes is for both, GlitchTip and the old one. Who leads is a word in it. A file of the
 * volume, so that it survives restarts and is one for all gateways.
 */
import { dirname } from 'node:path';
import { readJson } from '../../operator/core/json-text.js';
import { isObject } from '../core/json.js';
import { pairName, readMoveOrder, type Leader, type MoveOrder, type MovePair } from '../core/move-order.js';
import { readWhole, writeWhole, type SpoolFiles } from '../spool/files.js';

export interface MoveState {
  /** When it began. Milliseconds of Unix time; no other move has the same, so records say by it of which one they are. */
  readonly since: number;
  readonly leads: Leader;
  /** Percent. */
  readonly share: number;
  readonly pairs: readonly MovePair[];
}

/** Where a request goes. */
export interface Routed {
  /** GlitchTip's. */
  readonly project: number;
  readonly key: string;
  /** Its pair in the move's table. */
  readonly pair: MovePair;
  /** The request names the old one's project and key. */
  readonly isOld: boolean;
  /** MoveState.since */
  readonly move: number;
}

interface Known {
  readonly bytes: Buffer;
  readonly state: MoveState | 'damaged';
  readonly byOld: ReadonlyMap<string, MovePair>;
  readonly byNew: ReadonlyMap<string, MovePair>;
}

export class Move {
  #known: Known | undefined;

  constructor(private readonly files: SpoolFiles, private readonly path: string, private readonly now: () => number) {
    this.look();
  }

  /** As it was when it was looked at last. Undefined: there is none. 'damaged': there is one, and nobody knows which: nothing of it is let go. */
  get current(): MoveState | 'damaged' | undefined {
    return this.#known?.state;
  }

  /** As the volume has it now: another gateway may have changed it. @throws the system's error */
  look(): MoveState | 'damaged' | undefined {
    const bytes = readWhole(this.files, this.path);
    if (!bytes) this.#known = undefined;
    else if (!this.#known?.bytes.equals(bytes)) this.#known = this.#understood(bytes);
    return this.current;
  }

  /**
   * Durable when it returns. One that is there goes on, with the new order.
   * @returns 'no pairs': the order has none, and none are known. @throws the system's error
   */
  put({ leads, share, pairs }: MoveOrder): MoveState | 'no pairs' {
    const before = this.look();
    const known = before === 'damaged' ? undefined : before;
    const next = pairs ?? known?.pairs;
    if (!next) return 'no pairs';
    const state = { since: known?.since ?? this.now(), leads, share, pairs: next };
    const bytes = Buffer.from(JSON.stringify({ ...state, pairs: next.map(({ project, key, old }) => ({ project, key, old: old.text })) }));
    writeWhole(this.files, this.path, [bytes]);
    this.#known = understand(bytes);
    return state;
  }

  /** The old one is let go. Durable when it returns. @throws the system's error */
  end(): void {
    this.files.remove(this.path);
    this.files.syncFolder(dirname(this.path));
    this.#known = undefined;
  }

  /** Where a request with this project and key goes; undefined: it has nothing to do with a move. */
  route(project: number, key: string): Routed | undefined {
    if (!this.#known || this.#known.state === 'damaged') return undefined;
    const { state: { since: move }, byOld, byNew } = this.#known;
    const name = pairName({ project, key });
    const old = byOld.get(name);
    const pair = old ?? byNew.get(name);
    return pair && { project: pair.project, key: pair.key, pair, isOld: old !== undefined, move };
  }

  /** Whether a request is a copy of this move, by its mark. */
  isOwnCopy(mark: string | readonly string[] | undefined): boolean {
    const { current } = this;
    return current !== undefined && current !== 'damaged' && mark === String(current.since);
  }

  /** The pair of the old one's project and key. */
  pairOf(old: { readonly project: number; readonly key: string }): MovePair | undefined {
    return this.#known?.byOld.get(pairName(old));
  }

  /** Of a file that is damaged, what was known before still counts. */
  #understood(bytes: Buffer): Known {
    const known = understand(bytes);
    return known.state === 'damaged' && this.#known ? { ...this.#known, bytes } : known;
  }
}

function understand(bytes: Buffer): Known {
  const json = readJson(bytes.toString('utf8'));
  const order = readMoveOrder(json);
  const since = isObject(json) ? json['since'] : undefined;
  if ('refusal' in order || !order.pairs || typeof since !== 'number') return { bytes, state: 'damaged', byOld: new Map(), byNew: new Map() };
  const { leads, share, pairs } = order;
  return {
    bytes, state: { since, leads, share, pairs },
    byOld: new Map(pairs.map((pair) => [pairName(pair.old), pair])),
    // Of several old ones of one project here, the first: what names the new one has no other.
    byNew: new Map([...pairs].reverse().map((pair) => [pairName(pair), pair])),
  };
}
