/**
 * Reads a Sentry envelope piece by piece (https://develop.sentry.dev/sdk/data-model/envelopes/): a line of JSON, then items, each a line of
 * JSON and a payload that ends after `length` bytes, or at the next newline. What is not kept is read past and never held, so that
 * 100 MB of attachments cost no memory.
 */
import { parseEnvelopeHeader, parseItemHeader } from './envelope-header.js';
import { MINIDUMP, type ItemPolicy } from './item-policy.js';
import { MOST_VALUES, hasTooManyValues, repairObject, type Json } from './json.js';
import { SpanSplitter } from './span-splitter.js';
import { SpanTransactions } from './span-transactions.js';

export interface EnvelopeItem {
  readonly type: string;
  readonly header: Json;
  readonly payload: Buffer;
}

export interface Envelope {
  readonly header: Json;
  readonly items: readonly EnvelopeItem[];
  /** Items that were left out: how many of each type; of streamed spans, how many spans. */
  readonly ignored: ReadonlyMap<string, number>;
  /** Some of the items were made of streamed spans, and are not in the body; or GlitchTip would stop at the header of one. */
  readonly isRewritten: boolean;
  /** False: nothing behind the last of these items could be read. GlitchTip would take these and answer 200, and so does the gateway. */
  readonly isComplete: boolean;
}

/** As GlitchTip answers it. */
export type EnvelopeResult =
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  | { readonly kind: 'refused'; readonly status: 400 | 413; readonly detail: string };

/** Longest line of JSON that heads an envelope or an item. Bytes. */
const LONGEST_HEADER = 64 * 1024;
/** Items that are counted one by one; an envelope of empty items costs no more. */
const MOST_ITEMS = 1_000;
/** A container of streamed spans. What has another content type is a span of SDKs 8 to 10, which is below no transaction. */
const SPANS = { type: 'span', contentType: 'application/vnd.sentry.items.span.v2+json' };

type State =
  | { readonly kind: 'envelope header' }
  | { readonly kind: 'item header' }
  | { readonly kind: 'payload'; readonly type: string; readonly header: Json; readonly isKept: boolean; readonly spans: SpanSplitter | undefined; left: number | undefined }
  | { readonly kind: 'separator' }
  | { readonly kind: 'over' };

export class EnvelopeReader {
  #state: State = { kind: 'envelope header' };
  #pieces: Buffer[] = [];
  #held = 0;
  #kept = 0;
  #header: Json | undefined;
  #refusal: Extract<EnvelopeResult, { kind: 'refused' }> | undefined;
  readonly #items: EnvelopeItem[] = [];
  readonly #ignored = new Map<string, number>();
  #count = 0;
  #isComplete = true;
  #isEmpty = true;
  #isPlain = true;
  #transactions: SpanTransactions | undefined;

  /** @param project whose it is: ids of transactions that are made of spans depend on it */
  constructor(private readonly policy: ItemPolicy, private readonly project = 0) {}

  /** True when nothing that comes later changes the result. */
  get isOver(): boolean {
    return this.#state.kind === 'over';
  }

  push(chunk: Buffer): void {
    if (chunk.length > 0) this.#isEmpty = false;
    for (let rest = chunk; rest.length > 0 && this.#state.kind !== 'over';) rest = this.#take(rest);
  }

  /** After the last piece. */
  end(): EnvelopeResult {
    this.#finish();
    this.#makeTransactions();
    if (this.#refusal) return this.#refusal;
    if (!this.#header) return { kind: 'refused', status: 400, detail: this.#isEmpty ? 'Empty request body' : 'Invalid envelope header' };
    return { kind: 'envelope', envelope: { header: this.#header, items: this.#items, ignored: this.#ignored, isRewritten: !this.#isPlain || this.#transactions !== undefined, isComplete: this.#isComplete } };
  }

  /** @returns what is left of the piece */
  #take(chunk: Buffer): Buffer {
    const state = this.#state;
    if (state.kind === 'payload' && state.left !== undefined) return this.#takeCounted(state, state.left, chunk);
    const newline = chunk.indexOf(0x0a);
    const line = newline === -1 ? chunk : chunk.subarray(0, newline);
    if (state.kind !== 'separator') this.#hold(line);
    if (newline === -1) return Buffer.alloc(0);
    this.#endLine();
    return chunk.subarray(newline + 1);
  }

  #takeCounted(state: Extract<State, { kind: 'payload' }>, left: number, chunk: Buffer): Buffer {
    const part = chunk.subarray(0, left);
    this.#hold(part);
    state.left = left - part.length;
    if (state.left === 0 && this.#state.kind === 'payload') this.#endPayload(state, { kind: 'separator' });
    return chunk.subarray(part.length);
  }

  #hold(bytes: Buffer): void {
    const isPayload = this.#state.kind === 'payload';
    if (this.#state.kind === 'payload' && !this.#state.isKept) {
      this.#state.spans?.push(bytes);
      return;
    }
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    if (isPayload) this.#kept += bytes.length;
    const most = isPayload ? this.policy.largestItem : LONGEST_HEADER;
    if (this.#held > most) this.#refuse(413, `expected ${isPayload ? 'an item' : 'a header'} of at most ${most} bytes`);
    else if (this.#kept > this.policy.largestEnvelope) this.#refuse(413, `expected items of at most ${this.policy.largestEnvelope} bytes together`);
  }

  #endLine(): void {
    switch (this.#state.kind) {
      case 'envelope header': { this.#endEnvelopeHeader(); return; }
      case 'item header': { this.#endItemHeader(); return; }
      case 'payload': { this.#endPayload(this.#state, { kind: 'item header' }); return; }
      case 'separator': this.#state = { kind: 'item header' }; return undefined;
      case 'over': return undefined;
    }
  }

  #endEnvelopeHeader(): void {
    const header = parseEnvelopeHeader(this.#release());
    if (!header) { this.#refuse(400, 'Invalid envelope header'); return; }
    this.#header = header;
    this.#state = { kind: 'item header' };
  }

  #endItemHeader(): void {
    const header = parseItemHeader(this.#release());
    this.#count += 1;
    // GlitchTip stops at an item that it cannot read: where the next one begins is not known.
    if (!header || this.#count > MOST_ITEMS) { this.#stop(); return; }
    const { type, json, length, isPlain } = header;
    const isKept = this.policy.kept.has(type) || this.#isMinidump(type, json);
    const spans = this.#splitterFor(type, json);
    if (!isKept && !spans) this.#ignore(type, 1);
    this.#isPlain &&= isPlain;
    const state: State = { kind: 'payload', type, header: json, isKept, spans, left: length };
    this.#state = state;
    if (state.left === 0) this.#endPayload(state, { kind: 'separator' });
  }

  #endPayload({ type, header, isKept }: Extract<State, { kind: 'payload' }>, next: State): void {
    if (isKept) {
      const payload = this.#release();
      if (type !== MINIDUMP.item && hasTooManyValues(payload)) { this.#refuse(413, `expected an item of at most ${MOST_VALUES} values`); return; }
      this.#items.push({ type, header, payload });
    }
    this.#state = next;
  }

  #isMinidump(type: string, { attachment_type: attachmentType }: Json): boolean {
    return this.policy.minidumps && type === MINIDUMP.item && attachmentType === MINIDUMP.attachmentType;
  }

  #ignore(type: string, items: number): void {
    if (items > 0) this.#ignored.set(type, (this.#ignored.get(type) ?? 0) + items);
  }

  /** Undefined for what transactions are not made of. */
  #splitterFor(type: string, header: Json): SpanSplitter | undefined {
    if (this.policy.spansBelow === undefined || type !== SPANS.type || header['content_type'] !== SPANS.contentType) return undefined;
    const transactions = this.#transactions ??= new SpanTransactions(this.project, this.policy.spansBelow);
    return new SpanSplitter((span) => transactions.add(span && repairObject(span)?.body));
  }

  #makeTransactions(): void {
    const { transactions, children, others } = this.#transactions?.finish() ?? { transactions: [], children: 0, others: 0 };
    for (const transaction of transactions) this.#items.push({ type: 'transaction', header: { type: 'transaction' }, payload: Buffer.from(JSON.stringify(transaction)) });
    this.#ignore('child span', children);
    this.#ignore('span', others);
  }

  /** What the end of the body ends: a line without a newline is whole, a payload that is shorter than its length is not. */
  #finish(): void {
    const state = this.#state;
    if (state.kind === 'payload' && state.left !== undefined) this.#isComplete = false;
    else if (state.kind === 'payload' || this.#held > 0) this.#endLine();
    this.#state = { kind: 'over' };
  }

  #stop(): void {
    this.#isComplete = false;
    this.#state = { kind: 'over' };
  }

  #refuse(status: 400 | 413, detail: string): void {
    this.#refusal = { kind: 'refused', status, detail };
    this.#state = { kind: 'over' };
  }

  #release(): Buffer {
    const bytes = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#held = 0;
    return bytes;
  }
}
