/**
 * Splits a container of spans, `{"version":2,"items":[{...},{...}]}`, while it arrives: of 100 MB of spans no more than one is held. A span
 * is what is an object, directly in a list, directly in the outermost object; whether each is JSON is for others to say.
 */

/** Attributes included; a longer one is read past. Bytes. */
const LARGEST_SPAN = 256 * 1024;

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d] as const;
/** Of lists and objects around a span. */
const DEPTH = 2;

export class SpanSplitter {
  #depth = 0;
  #isInList = false;
  #isInSpan = false;
  #isInText = false;
  #isEscaped = false;
  #pieces: Buffer[] = [];
  #held = 0;

  /** @param take is given each span in its order; undefined for one that is too long */
  constructor(private readonly take: (span: Buffer | undefined) => void) {}

  push(chunk: Buffer): void {
    let begin = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (this.#isInText) this.#readText(byte);
      else if (byte === QUOTE) this.#isInText = true;
      else if (isOpening(byte)) begin = this.#open(byte) ? at : begin;
      else if (isClosing(byte) && this.#close()) this.#end(chunk.subarray(begin, at + 1));
    }
    if (this.#isInSpan) this.#hold(chunk.subarray(begin));
  }

  #readText(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#isInText = false;
  }

  /** @returns whether a span begins here */
  #open(byte: number): boolean {
    const begins = this.#depth === DEPTH && this.#isInList && byte === OPEN_OBJECT;
    if (this.#depth === DEPTH - 1) this.#isInList = byte === OPEN_LIST;
    this.#depth += 1;
    if (begins) this.#isInSpan = true;
    return begins;
  }

  /** @returns whether a span ends here */
  #close(): boolean {
    this.#depth -= 1;
    return this.#isInSpan && this.#depth === DEPTH;
  }

  #hold(piece: Buffer): void {
    this.#held += piece.length;
    if (this.#held <= LARGEST_SPAN) this.#pieces.push(piece);
    else this.#pieces = [];
  }

  #end(piece: Buffer): void {
    this.#hold(piece);
    this.take(this.#held > LARGEST_SPAN ? undefined : Buffer.concat(this.#pieces));
    this.#isInSpan = false;
    this.#pieces = [];
    this.#held = 0;
  }
}

function isOpening(byte: number): boolean {
  return byte === OPEN_OBJECT || byte === OPEN_LIST;
}

function isClosing(byte: number): boolean {
  return byte === CLOSE_OBJECT || byte === CLOSE_LIST;
}
