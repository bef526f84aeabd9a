// Keeps what is read of a request as it came, as long as it is not longer than may be held.
import { nextPiece, type PieceSource } from './unpack.js';

export class TappedSource implements PieceSource {
  #pieces: Buffer[] = [];
  #size = 0;

  /** @param most bytes that are held */
  constructor(private readonly source: PieceSource, private readonly most: number) {}

  get readableEnded(): boolean {
    return this.source.readableEnded;
  }

  get errored(): Error | null {
    return this.source.errored;
  }

  get destroyed(): boolean {
    return this.source.destroyed;
  }

  on(event: string, listener: () => void): void {
    this.source.on(event, listener);
  }

  off(event: string, listener: () => void): void {
    this.source.off(event, listener);
  }

  read(): Buffer | null {
    const piece = this.source.read();
    if (!piece) return null;
    this.#size += piece.length;
    if (this.#size <= this.most) this.#pieces.push(piece);
    else this.#pieces = [];
    return piece;
  }

  /** With what nobody has read yet. Undefined: it is longer than may be held. @throws when the client goes away */
  async whole(): Promise<Buffer | undefined> {
    while (this.#size <= this.most && (await nextPiece(this))) continue;
    return this.#size <= this.most ? Buffer.concat(this.#pieces) : undefined;
  }
}
