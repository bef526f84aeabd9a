// The operator's real ports, until the process would have died: after a write, whose answer it never hears.

/** The process dies right after the write of this number, counted from 1; one that somebody else was first with is none. */
export interface WriteCut {
  readonly after: number;
}

export class WriteCuts {
  isCut = false;
  #written = 0;

  constructor(private readonly cut: WriteCut | undefined) {}

  wrap<T extends object>(object: T, writes: readonly (keyof T & string)[]): T {
    return new Proxy(object, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        const call = (args: unknown[]) => Reflect.apply(member, target, args) as Promise<unknown>;
        return writes.some((write) => write === name) ? (...args: unknown[]) => this.#write(() => call(args)) : (...args: unknown[]) => call(args);
      },
    });
  }

  async #write(call: () => Promise<unknown>): Promise<unknown> {
    if (this.isCut) throw new Error('ended');
    const answer = await call();
    if (answer !== false) this.#written += 1;
    if (this.#written !== this.cut?.after) return answer;
    this.isCut = true;
    throw new Error('ended');
  }
}
