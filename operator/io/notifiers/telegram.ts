// Telegram's Bot API (https://core.telegram.org/bots/api): sends a message, or edits one, and says what became of it.
import type { TelegramChat, TelegramMessage } from '../../controllers/ports.js';
import type { Delivery } from '../../core/alerts/outbox.js';
import { cut } from '../../core/text-limits.js';
import type { Sensitive } from '../../core/sensitive.js';
import { exchange, type Answer } from './http-exchange.js';

type Method = 'sendMessage' | 'editMessageText';

/** The parts of an answer that are used. */
interface Said {
  readonly ok?: unknown;
  readonly result?: { readonly message_id?: unknown };
  readonly description?: unknown;
  readonly parameters?: { readonly retry_after?: unknown; readonly migrate_to_chat_id?: unknown };
}

/** A refusal by what Telegram says of it: the Bot API has no codes beside HTTP's. */
const REFUSALS: readonly { readonly status: number; readonly says: RegExp; readonly become: (why: string) => Delivery }[] = [
  { status: 400, says: /message is not modified/i, become: () => ({ kind: 'delivered' }) },
  { status: 400, says: /message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i, become: () => ({ kind: 'gone' }) },
  // Of this text: no person can change anything about it, and the next one may be taken.
  { status: 400, says: /message is too long|MESSAGE_TOO_LONG|text is empty|text must be non-empty|must be encoded in UTF-8|parse entities|ENTIT(Y|IES)_/i, become: (why) => ({ kind: 'unacceptable', why }) },
  // Of the chat or the bot in it (TOPIC_CLOSED, CHAT_WRITE_FORBIDDEN, PEER_ID_INVALID, chat not found, not enough rights, ...): somebody can fix it.
  { status: 400, says: /./, become: (why) => ({ kind: 'refused', why }) },
  { status: 401, says: /./, become: () => ({ kind: 'refused', why: 'Telegram does not know the token (401)' }) },
  // What it answers to a token of another form.
  { status: 404, says: /./, become: () => ({ kind: 'refused', why: 'Telegram does not know the token (404)' }) },
  { status: 403, says: /./, become: (why) => ({ kind: 'refused', why }) },
];
/** Without a number from Telegram. Seconds. */
const RETRY_AFTER = 30;

export class Telegram {
  /** Groups that became supergroups, by their former ids; learned again after a restart. */
  readonly #moved = new Map<string, string>();

  async send(to: TelegramChat, { text, silent, about }: TelegramMessage, signal: AbortSignal): Promise<Delivery> {
    const reply = about === undefined ? {} : { reply_parameters: { message_id: about, allow_sending_without_reply: true } };
    return this.#call(to, 'sendMessage', { text, more: { disable_notification: silent, ...reply } }, signal);
  }

  async edit(to: TelegramChat, { text, about }: TelegramMessage & { readonly about: number }, signal: AbortSignal): Promise<Delivery> {
    return this.#call(to, 'editMessageText', { text, more: { message_id: about } }, signal);
  }

  async #call(to: TelegramChat, method: Method, { text, more }: { readonly text: TelegramMessage['text']; readonly more: object }, signal: AbortSignal): Promise<Delivery> {
    const chat = to.chat.reveal();
    const ask = (words: object) => this.#ask(to, method, { chat_id: this.#moved.get(chat) ?? chat, link_preview_options: { is_disabled: true }, ...more, ...words }, signal);
    const marked = { text: text.markdown, parse_mode: 'MarkdownV2' };
    let answer = await ask(marked);
    const moved = movedTo(answer);
    if (moved !== undefined) {
      this.#moved.set(chat, moved);
      answer = await ask(marked);
    }
    // Better without bold type than not at all.
    if (/can't parse entities/i.test(descriptionOf(answer))) answer = await ask({ text: text.plain });
    return judge(answer, [to.token, to.chat]);
  }

  async #ask({ api, token }: TelegramChat, method: Method, body: object, signal: AbortSignal): Promise<Answer> {
    return exchange({ url: `${api}/bot${token.reveal()}/${method}`, method: 'POST', body }, signal);
  }
}

function judge(answer: Answer, secrets: readonly Sensitive[]): Delivery {
  if (answer.kind === 'none') return { kind: 'later', why: `Telegram: ${answer.why}` };
  const said = parse(answer);
  if (said?.ok === true) return delivered(said);
  if (said?.ok !== false) return { kind: 'later', why: `Telegram: what answers (${answer.status}) does not speak the Bot API` };
  if (answer.status === 429) return { kind: 'later', why: 'Telegram: too many messages, it asks to wait', afterSeconds: retryAfter(said) };
  const why = `Telegram: ${withoutSecrets(descriptionOf(answer), secrets)} (${answer.status})`;
  const refusal = REFUSALS.find(({ status, says }) => status === answer.status && says.test(descriptionOf(answer)));
  return refusal?.become(why) ?? { kind: 'later', why };
}

function delivered({ result }: Said): Delivery {
  const message = result?.message_id;
  return typeof message === 'number' ? { kind: 'delivered', message } : { kind: 'delivered' };
}

function retryAfter({ parameters }: Said): number {
  const seconds = parameters?.retry_after;
  return typeof seconds === 'number' && seconds > 0 ? Math.ceil(seconds) : RETRY_AFTER;
}

function movedTo(answer: Answer): string | undefined {
  const chat = parse(answer)?.parameters?.migrate_to_chat_id;
  return typeof chat === 'number' || typeof chat === 'string' ? String(chat) : undefined;
}

function descriptionOf(answer: Answer): string {
  const description = parse(answer)?.description;
  return typeof description === 'string' && description !== '' ? description : 'no reason given';
}

function parse(answer: Answer): Said | undefined {
  if (answer.kind === 'none') return undefined;
  try {
    const said: unknown = JSON.parse(answer.body);
    return typeof said === 'object' && said !== null ? said : undefined;
  } catch {
    return undefined;
  }
}

/** Telegram does not repeat them; what stands in for it might. */
function withoutSecrets(text: string, secrets: readonly Sensitive[]): string {
  return cut(secrets.reduce((clean, secret) => clean.replaceAll(secret.reveal(), '[redacted]'), text), 200);
}
