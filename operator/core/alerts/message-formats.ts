// A message in the form that each channel takes: Telegram's MarkdownV2, Slack's text with structured fields beside it.
import { wholeCharacters } from '../text-limits.js';
import type { Message, Sender } from './message-texts.js';
import type { Notification } from './alert-state.js';

/** https://core.telegram.org/bots/api#sendmessage: 1-4096 characters after entities parsing, counted in UTF-16 code units. */
export const TELEGRAM_LONGEST = 4_096;

type Style = 'plain' | 'bold' | 'code';
interface Span {
  readonly style: Style;
  readonly text: string;
}

/** The text for Telegram with markup, and without it in case the markup is refused. */
export interface TelegramText {
  readonly markdown: string;
  readonly plain: string;
}

/** Cut before it is escaped, so that no escape and no character is cut in two. */
export function renderTelegram(message: Message): TelegramText {
  const spans = cutSpans(spansOf(message), TELEGRAM_LONGEST);
  return { markdown: spans.map(escapeSpan).join(''), plain: spans.map(({ text }) => text).join('') };
}

/** The body of a webhook's POST: `text` is what Slack, Mattermost and their like show, the rest is for programs. */
export function renderWebhook({ notification, id, message, sender }: { readonly notification?: Notification; readonly id: string; readonly message: Message; readonly sender: Sender }): object {
  const text = cutSpans(spansOf(message), TELEGRAM_LONGEST).map(slackSpan).join('');
  const { event = 'test', incident, endedAt, times, partOf, report } = notification ?? {};
  return {
    text,
    event,
    /** The same for each attempt with one message, so that a receiver can ignore repeats. */
    id,
    glitchtip: { name: sender.name, namespace: sender.namespace },
    ...(incident ? { incident: { ...incident, ...(endedAt === undefined ? {} : { endedAt }), ...(times === undefined ? {} : { times }), ...(partOf ? { partOf: partOf.id } : {}) } } : {}),
    ...(report ? { report: { since: report.since, open: report.incidents, resolved: report.resolved, repairs: report.repairs, ...(report.backups === undefined ? {} : { backups: report.backups }) } } : {}),
  };
}

function spansOf({ title, paragraphs }: Message): Span[] {
  return [
    { style: 'bold', text: title },
    ...paragraphs.flatMap(({ label, text }): Span[] => [
      { style: 'plain', text: '\n\n' },
      ...(label === undefined ? [] : [{ style: 'bold' as const, text: `${label}:` }, { style: 'plain' as const, text: ' ' }]),
      ...commands(text),
    ]),
  ];
}

/** Pairs of backticks make code; a single one is a character like any other. */
function commands(text: string): Span[] {
  return text.split(/`([^`]+)`/).map((piece, index): Span => ({ style: index % 2 === 1 ? 'code' : 'plain', text: piece })).filter((span) => span.text !== '');
}

/** At most `longest` UTF-16 code units in all, with an ellipsis where something was cut off. */
function cutSpans(spans: readonly Span[], longest: number): Span[] {
  if (spans.reduce((length, { text }) => length + text.length, 0) <= longest) return [...spans];
  const kept: Span[] = [];
  let room = longest - 1;
  for (const { style, text } of spans) {
    const rest = wholeCharacters(text.slice(0, room));
    if (rest !== '') kept.push({ style, text: rest });
    room -= text.length;
    if (room <= 0) break;
  }
  return [...kept, { style: 'plain', text: '…' }];
}

/** https://core.telegram.org/bots/api#markdownv2-style */
function escapeSpan({ style, text }: Span): string {
  if (style === 'code') return `\`${text.replace(/[`\\]/g, '\\$&')}\``;
  const escaped = text.replace(/[_*[\]()~`>#+\-=|{}.!\\]/g, '\\$&');
  return style === 'bold' ? `*${escaped}*` : escaped;
}

/** https://api.slack.com/reference/surfaces/formatting#escaping */
function slackSpan({ style, text }: Span): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  if (style === 'code') return `\`${escaped}\``;
  return style === 'bold' ? `*${escaped.replaceAll('*', '∗')}*` : escaped;
}
