// MarkdownV2 as Telegram's server reads it (https://core.telegram.org/bots/api#markdownv2-style): text and entities, or its refusal.

export interface Entity {
  readonly type: string;
  /** In UTF-16 code units of the text. */
  readonly offset: number;
  readonly length: number;
}

export type Parsed = { readonly ok: true; readonly text: string; readonly entities: readonly Entity[] } | { readonly ok: false; readonly error: string };

const RESERVED = '_*[]()~`>#+-=|{}.!';
const NAMES: Readonly<Record<string, string>> = { '*': 'Bold', '_': 'Italic', '__': 'Underline', '~': 'Strikethrough', '||': 'Spoiler' };

interface Open {
  readonly mark: string;
  readonly offset: number;
  readonly byte: number;
}

export function parseMarkdown(source: string): Parsed {
  return new Reader(source).read();
}

class Reader {
  #at = 0;
  #text = '';
  readonly #entities: Entity[] = [];
  readonly #open: Open[] = [];
  #error: string | undefined;

  constructor(private readonly source: string) {}

  read(): Parsed {
    while (this.#at < this.source.length && this.#error === undefined) this.#step();
    const [unclosed] = this.#open;
    if (this.#error === undefined && unclosed) this.#error = noEnd(unclosed);
    return this.#error === undefined ? { ok: true, text: this.#text, entities: this.#entities } : { ok: false, error: this.#error };
  }

  #step(): void {
    const character = this.source.charAt(this.#at);
    if (character === '\\' && isEscapable(this.source.charAt(this.#at + 1))) this.#take(this.source.charAt(this.#at + 1), 2);
    else if (!RESERVED.includes(character)) this.#take(character, 1);
    else if (character === '`') this.#code(this.source.startsWith('```', this.#at) ? '```' : '`');
    else if (character === '[') this.#link();
    else if (character === '>' && (this.#at === 0 || this.source.charAt(this.#at - 1) === '\n')) this.#at += 1;
    else this.#mark(['__', '||', '*', '_', '~'].find((mark) => this.source.startsWith(mark, this.#at)), character);
  }

  #take(character: string, length: number): void {
    this.#text += character;
    this.#at += length;
  }

  #mark(mark: string | undefined, character: string): void {
    if (mark === undefined) {
      this.#error = `Character '${character}' is reserved and must be escaped with the preceding '\\'`;
      return;
    }
    const last = this.#open.at(-1);
    if (last?.mark === mark) {
      this.#open.pop();
      this.#entity(nameOf(mark).toLowerCase(), last.offset);
    } else if (last && this.#open.some((each) => each.mark === mark)) {
      this.#error = noEnd(last);
    } else {
      this.#open.push({ mark, offset: this.#text.length, byte: Buffer.byteLength(this.source.slice(0, this.#at)) });
    }
    this.#at += mark.length;
  }

  /** Inside, only ` and \ are escaped. */
  #code(mark: string): void {
    const [start, offset] = [this.#at, this.#text.length];
    this.#at += mark.length;
    while (this.#at < this.source.length && !this.source.startsWith(mark, this.#at)) {
      const escaped = this.source.charAt(this.#at) === '\\' && isEscapable(this.source.charAt(this.#at + 1));
      this.#take(this.source.charAt(this.#at + (escaped ? 1 : 0)), escaped ? 2 : 1);
    }
    if (this.#at >= this.source.length) this.#error = `Can't find end of ${mark === '`' ? 'Code' : 'Pre'} entity at byte offset ${Buffer.byteLength(this.source.slice(0, start))}`;
    this.#at += mark.length;
    this.#entity(mark === '`' ? 'code' : 'pre', offset);
  }

  #link(): void {
    const found = /^\[((?:[^\]\\]|\\.)*)\]\(((?:[^)\\]|\\.)*)\)/.exec(this.source.slice(this.#at));
    if (!found) {
      this.#error = `Can't find end of TextUrl entity at byte offset ${Buffer.byteLength(this.source.slice(0, this.#at))}`;
      return;
    }
    const offset = this.#text.length;
    this.#text += (found[1] ?? '').replace(/\\(.)/g, '$1');
    this.#at += found[0].length;
    this.#entity('text_link', offset);
  }

  #entity(type: string, offset: number): void {
    if (this.#text.length > offset) this.#entities.push({ type, offset, length: this.#text.length - offset });
  }
}

function nameOf(mark: string): string {
  return NAMES[mark] ?? mark;
}

function noEnd({ mark, byte }: Open): string {
  return `Can't find end of ${nameOf(mark)} entity at byte offset ${byte}`;
}

/** Any character with a code from 1 to 126 can be escaped. */
function isEscapable(character: string): boolean {
  const code = character.charCodeAt(0);
  return code >= 1 && code <= 126;
}
