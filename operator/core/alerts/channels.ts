// The channels that the alerts' Secret describes: which there are, where they go, and what is wrong with how they are described.
import { ALERT_SECRET_KEYS, CHANNELS } from '../../api/health-fields.js';
import { Sensitive } from '../sensitive.js';
import type { ChannelFound } from './outbox.js';

type Key = (typeof ALERT_SECRET_KEYS)[number];

/** Each is there when its keys are; a `problem` is what a person has to correct. */
export interface Channels {
  readonly telegram?: Described<{ readonly api: string; readonly token: Sensitive; readonly chat: Sensitive }>;
  readonly webhook?: Described<{ readonly url: Sensitive }>;
  readonly heartbeat?: Described<{ readonly url: Sensitive }>;
}

type Described<Target> = { readonly kind: 'usable' } & Target | { readonly kind: 'unusable'; readonly problem: string };

const TELEGRAM_API = 'https://api.telegram.org';
/** The token's form, as BotFather issues it. */
const TOKEN = /^\d+:[\w-]+$/;
/** A number, negative for groups, or the public name of a channel. */
const CHAT = /^(-?\d+|@\w+)$/;

/** Never says what a value is. White space around values goes: files end with a newline. */
export function readChannels(data: ReadonlyMap<string, Sensitive>): Channels {
  const value = (key: Key) => data.get(key)?.reveal().trim() ?? '';
  const webhook = value('webhook-url');
  const heartbeat = value('heartbeat-url');
  const telegram = describeTelegram({ api: value('telegram-api') || TELEGRAM_API, token: value('telegram-token'), chat: value('telegram-chat') });
  return {
    ...(telegram ? { telegram } : {}),
    ...(webhook === '' ? {} : { webhook: describeUrl('webhook-url', webhook) }),
    ...(heartbeat === '' ? {} : { heartbeat: describeUrl('heartbeat-url', heartbeat) }),
  };
}

/** Their names and problems, which may be shown. */
export function foundChannels(channels: Channels): ChannelFound[] {
  return CHANNELS.flatMap((name): ChannelFound[] => {
    const channel = channels[name];
    if (!channel) return [];
    return [{ name, ...(channel.kind === 'unusable' ? { problem: channel.problem } : {}) }];
  });
}

function describeTelegram({ api, token, chat }: { readonly api: string; readonly token: string; readonly chat: string }): Channels['telegram'] {
  if (token === '' && chat === '') return undefined;
  if (token === '') return unusable('telegram-token is missing in the Secret');
  if (chat === '') return unusable('telegram-chat is missing in the Secret');
  if (!TOKEN.test(token)) return unusable('telegram-token is not what the BotFather gives: digits, a colon, letters and digits');
  if (!CHAT.test(chat)) return unusable('telegram-chat is neither a number nor a name that begins with @');
  if (!isAddress(api)) return unusable('telegram-api is no http or https address');
  return { kind: 'usable', api: api.replace(/\/+$/, ''), token: new Sensitive(token), chat: new Sensitive(chat) };
}

function describeUrl(key: Key, url: string): Described<{ readonly url: Sensitive }> {
  return isAddress(url) ? { kind: 'usable', url: new Sensitive(url) } : unusable(`${key} is no http or https address`);
}

function unusable(problem: string): { readonly kind: 'unusable'; readonly problem: string } {
  return { kind: 'unusable', problem };
}

/** `URL` is a global of Node and of browsers, and does no I/O. */
function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
