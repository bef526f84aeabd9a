// A local Telegram: speaks the Bot API as documented (getMe, sendMessage, editMessageText, their errors and limits) and shows the chat as a person sees it.
import { Listener, type Asked, type Reply } from './listener.js';
import { parseMarkdown, type Entity } from './telegram-markdown.js';

/** A message as it stands in the chat, with its past. */
export interface ChatMessage {
  readonly id: number;
  readonly chat: string;
  readonly text: string;
  readonly entities: readonly Entity[];
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly silent: boolean;
  readonly replyTo?: number;
  /** What it said before each edit, oldest first. */
  readonly edits: readonly { readonly at: number; readonly before: string }[];
}

export interface TelegramSetUp {
  readonly token: string;
  /** Negative: a group. */
  readonly chat: string;
  readonly host?: string;
  readonly port?: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

const LONGEST = 4_096;
/** https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this */
const LIMITS = { chatMs: 1_000, group: 20, groupMs: 60_000 };

type Fields = Readonly<Record<string, unknown>>;
class Refusal extends Error {
  constructor(readonly code: number, description: string, readonly parameters?: object) {
    super(description);
  }
}

export class TelegramServer extends Listener {
  readonly #now: () => number;
  #messages: ChatMessage[] = [];
  #busyUntil = 0;
  #blocked = false;
  #movedTo: string | undefined;
  /** Each call of a method, also the refused ones. */
  readonly calls: { readonly method: string; readonly at: number; readonly status: number }[] = [];

  constructor(private readonly setUp: TelegramSetUp) {
    super((asked) => this.#answer(asked), setUp.host, setUp.port);
    this.#now = setUp.now ?? Date.now;
  }

  /** Answers 429 for so long. */
  beBusyFor(seconds: number): void {
    this.#busyUntil = this.#now() + seconds * 1_000;
  }

  setBlocked(blocked: boolean): void {
    this.#blocked = blocked;
  }

  /** The group becomes a supergroup. */
  moveChat(to: string): void {
    this.#movedTo = to;
  }

  deleteMessages(): void {
    this.#messages = [];
  }

  /** Oldest first. */
  messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  #answer(asked: Asked): Reply {
    const [, token, method = ''] = /^\/bot([^/]+)\/(\w+)/.exec(asked.path) ?? [];
    const reply = this.#reply(() => {
      if (token === undefined) throw new Refusal(404, 'Not Found');
      if (token !== this.setUp.token) throw new Refusal(401, 'Unauthorized');
      if (this.#now() < this.#busyUntil) throw tooMany((this.#busyUntil - this.#now()) / 1_000);
      return this.#call(method, fieldsOf(asked));
    });
    this.calls.push({ method, at: this.#now(), status: reply.status });
    return reply;
  }

  #reply(work: () => unknown): Reply {
    try {
      return { status: 200, body: JSON.stringify({ ok: true, result: work() }) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, message, parameters } = error;
      return { status: code, body: JSON.stringify({ ok: false, error_code: code, description: message, ...(parameters ? { parameters } : {}) }) };
    }
  }

  #call(method: string, fields: Fields): unknown {
    switch (method.toLowerCase()) {
      case 'getme': return { id: Number(this.setUp.token.split(':')[0]), is_bot: true, first_name: 'Local', username: 'local_bot' };
      case 'sendmessage': return this.#send(fields);
      case 'editmessagetext': return this.#edit(fields);
      default: throw new Refusal(404, 'Not Found: method not found');
    }
  }

  #send(fields: Fields): unknown {
    const chat = this.#chat(fields);
    const content = contentOf(fields);
    this.#limit(chat);
    const reply = fields['reply_parameters'] as { message_id?: number; allow_sending_without_reply?: boolean } | undefined;
    const known = this.#messages.some(({ id }) => id === reply?.message_id);
    if (reply && !known && reply.allow_sending_without_reply !== true) throw new Refusal(400, 'Bad Request: message to be replied not found');
    const message: ChatMessage = {
      id: (this.#messages.at(-1)?.id ?? 100) + 1, chat, ...content, at: this.#now(), silent: fields['disable_notification'] === true, edits: [],
      ...(known && reply?.message_id !== undefined ? { replyTo: reply.message_id } : {}),
    };
    this.#messages.push(message);
    return shown(message);
  }

  #edit(fields: Fields): unknown {
    const chat = this.#chat(fields);
    const old = this.#messages.find(({ id }) => id === Number(fields['message_id']));
    if (old?.chat !== chat) throw new Refusal(400, 'Bad Request: message to edit not found');
    const content = contentOf(fields);
    if (JSON.stringify([old.text, old.entities]) === JSON.stringify([content.text, content.entities])) {
      throw new Refusal(400, 'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message');
    }
    const edited = { ...old, ...content, edits: [...old.edits, { at: this.#now(), before: old.text }] };
    this.#messages = this.#messages.map((each) => (each === old ? edited : each));
    return shown(edited);
  }

  #chat(fields: Fields): string {
    const chat = String(fields['chat_id']);
    if (this.#movedTo !== undefined && chat === this.setUp.chat) throw new Refusal(400, 'Bad Request: group chat was upgraded to a supergroup chat', { migrate_to_chat_id: Number(this.#movedTo) });
    if (chat !== this.setUp.chat && chat !== this.#movedTo) throw new Refusal(400, 'Bad Request: chat not found');
    if (this.#blocked) throw new Refusal(403, 'Forbidden: bot was blocked by the user');
    return chat;
  }

  #limit(chat: string): void {
    const times = this.#messages.filter((message) => message.chat === chat).map(({ at }) => this.#now() - at);
    const [latest = Infinity] = times.slice(-1);
    if (latest < LIMITS.chatMs) throw tooMany((LIMITS.chatMs - latest) / 1_000);
    const minute = times.filter((age) => age < LIMITS.groupMs);
    if (chat.startsWith('-') && minute.length >= LIMITS.group) throw tooMany((LIMITS.groupMs - (minute[0] ?? 0)) / 1_000);
  }
}

function tooMany(seconds: number): Refusal {
  const wait = Math.max(1, Math.ceil(seconds));
  return new Refusal(429, `Too Many Requests: retry after ${wait}`, { retry_after: wait });
}

function contentOf(fields: Fields): Pick<ChatMessage, 'text' | 'entities'> {
  const source = typeof fields['text'] === 'string' ? fields['text'] : '';
  if (/\p{Cs}/u.test(source)) throw new Refusal(400, 'Bad Request: strings must be encoded in UTF-8');
  const parsed = fields['parse_mode'] === 'MarkdownV2' ? parseMarkdown(source) : { ok: true as const, text: source, entities: [] };
  if (!parsed.ok) throw new Refusal(400, `Bad Request: can't parse entities: ${parsed.error}`);
  const text = parsed.text.trim();
  if (text === '') throw new Refusal(400, 'Bad Request: message text is empty');
  if (text.length > LONGEST) throw new Refusal(400, 'Bad Request: message is too long');
  return { text, entities: parsed.entities };
}

/** https://core.telegram.org/bots/api#making-requests: query, form or JSON. */
function fieldsOf({ path, headers, body }: Asked): Fields {
  const query = Object.fromEntries(new URL(path, 'http://local').searchParams);
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return { ...query, ...Object.fromEntries(new URLSearchParams(body)) };
  if (body === '') return query;
  try {
    return { ...query, ...(JSON.parse(body) as object) };
  } catch {
    throw new Refusal(400, 'Bad Request: can\'t parse the request body as JSON');
  }
}

function shown({ id, chat, text, entities, at, edits }: ChatMessage): unknown {
  const edited = edits.at(-1);
  return { message_id: id, date: Math.floor(at / 1_000), chat: { id: Number(chat) }, text, entities, ...(edited ? { edit_date: Math.floor(edited.at / 1_000) } : {}) };
}
