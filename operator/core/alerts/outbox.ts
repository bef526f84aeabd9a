// The outbox: which letters wait for which channel, in which order, and what becomes of one when its delivery was tried.
import type { Channel } from '../../api/health-fields.js';
import { toSeconds } from '../timestamps.js';
import { LETTER_CHANNELS, type ChannelState, type Letter, type LetterChannel, type Thread, type Watchbook } from './alert-state.js';

/** What came of an attempt. Texts say neither address nor token. */
export type Delivery =
  | { readonly kind: 'delivered'; /** Telegram's message_id. */ readonly message?: number }
  /** Worth trying again; seconds that the other side asks to wait. */
  | { readonly kind: 'later'; readonly why: string; readonly afterSeconds?: number }
  /** The channel takes nothing until a person changes something. */
  | { readonly kind: 'refused'; readonly why: string }
  /** The channel works, and does not take this letter. */
  | { readonly kind: 'unacceptable'; readonly why: string }
  /** There is no such message to edit any more. */
  | { readonly kind: 'gone' };

/** A channel as the Secret describes it; its values stay with who read them. */
export interface ChannelFound {
  readonly name: Channel;
  /** Why it cannot be used as it is described. */
  readonly problem?: string;
}

export interface Note extends Pick<Letter, 'event' | 'edit' | 'incident' | 'times' | 'endedAt' | 'partOf' | 'report'> {
  /** An edit that says the same in other words is nothing to tell a channel that can only add messages. */
  readonly onlyWords?: boolean;
}

/** Letters that wait for one channel at most: hours of an outage of that channel, with room to spare. */
export const LETTERS_KEPT = 20;
/** Tries of a letter that a working channel does not take. */
const UNACCEPTABLE_TRIES = 3;
/** Wait after the first failed try, doubled each time, and the longest. Seconds. */
const RETRY_SECONDS = { first: 5, most: 300 };
/** Wait where only a person can help; a changed Secret ends it. Seconds. */
const REFUSED_SECONDS = 1_800;
/** The longest that a channel may ask to wait. Seconds. */
const LONGEST_WISH = 86_400;
/** A Secret that is deleted and made again is gone for seconds; a channel that is gone for so long was taken away. Milliseconds. */
const GONE_AFTER = 600_000;

/** Never the same twice, even when the book that counts was lost. */
export function identifier(now: Date, sequence: number): string {
  return `${toSeconds(now).replace(/[-:]/g, '')}-${sequence}`;
}

/** A letter for each channel, in place of what waits already and says less. */
export function post(book: Watchbook, note: Note, now: Date): Watchbook {
  return LETTER_CHANNELS.reduce((each, channel) => postTo(each, channel, note, now), book);
}

function postTo(book: Watchbook, channel: LetterChannel, { onlyWords, ...note }: Note, now: Date): Watchbook {
  const unsent = book.outbox.find((waiting) => waiting.channel === channel && !waiting.edit && waiting.attempts === 0 && isFresh(waiting, note));
  // What turned out to be part of another incident before it was told was never one.
  if (unsent && note.partOf) return { ...book, outbox: book.outbox.filter((waiting) => waiting.channel !== channel || waiting.incident?.id !== note.incident?.id) };
  if (unsent && note.event !== 'resolved') return replace(book, unsent, { ...unsent, ...note, edit: false, event: unsent.event });
  if (channel === 'webhook' && onlyWords) return book;
  const outbox = book.outbox.filter((waiting) => waiting.channel !== channel || !isOutdated(waiting, note));
  const letter: Letter = { id: identifier(now, book.sequence + 1), channel, at: toSeconds(now), attempts: 0, ...note };
  return dropOldest({ ...book, outbox: [...outbox, letter], sequence: book.sequence + 1 }, channel);
}

/**
 * A message about the same that was not sent yet, and so can say the newest. One that was tried may have arrived: it is not changed
 * any more, because its id stands for its text, nor taken back, because somebody may have read it.
 */
function isFresh({ event, incident }: Letter, note: Omit<Note, 'onlyWords'>): boolean {
  if (event === 'report' || note.event === 'report') return event === note.event;
  return event !== 'resolved' && incident !== undefined && incident.id === note.incident?.id;
}

function isOutdated({ edit, partOf, incident }: Letter, note: Omit<Note, 'onlyWords'>): boolean {
  return edit && partOf === undefined && incident !== undefined && incident.id === note.incident?.id;
}

function replace(book: Watchbook, old: Letter, letter: Letter): Watchbook {
  return { ...book, outbox: book.outbox.map((waiting) => (waiting === old ? letter : waiting)) };
}

/** What matters least goes first: words, reports, then the oldest. */
function dropOldest(book: Watchbook, channel: LetterChannel): Watchbook {
  const waiting = book.outbox.filter((letter) => letter.channel === channel);
  if (waiting.length <= LETTERS_KEPT) return book;
  const victim = waiting.find(({ edit, event }) => edit || event === 'report') ?? waiting[0];
  return countDropped({ ...book, outbox: book.outbox.filter((letter) => letter !== victim) }, channel);
}

function countDropped(book: Watchbook, channel: LetterChannel): Watchbook {
  return changeChannel(book, channel, (state) => ({ ...state, dropped: state.dropped + 1 }));
}

export function changeChannel(book: Watchbook, name: Channel, change: (state: ChannelState) => ChannelState): Watchbook {
  return { ...book, channels: book.channels.map((state) => (state.name === name ? change(state) : state)) };
}

/**
 * Takes over what the Secret says of channels. A changed Secret ends every wait; a channel that is not set up, or has not been for
 * a while, keeps open incidents only.
 */
export function setChannels(book: Watchbook, found: readonly ChannelFound[], version: string, now: Date): Watchbook {
  const channels = found.map(({ name, problem }): ChannelState => {
    const known = book.channels.find((state) => state.name === name);
    const sameSecret = known?.version === version;
    const kept = sameSecret ? { error: known.error, pause: known.pause } : { error: undefined, pause: undefined };
    return { ...known, ...kept, name, version, dropped: known?.dropped ?? 0, error: problem ?? kept.error, absentSince: undefined };
  });
  const isFound = (channel: Channel) => found.some(({ name }) => name === channel);
  const missed = book.channels.filter(({ name }) => !isFound(name)).map((state) => ({ ...state, absentSince: state.absentSince ?? toSeconds(now) })).filter((state) => !isGone(state, now));
  const isKept = (channel: Channel) => isFound(channel) || missed.some(({ name }) => name === channel);
  const changed = (channel: LetterChannel) => isFound(channel) && book.channels.find(({ name }) => name === channel)?.version !== version;
  const outbox = book.outbox
    .filter((letter) => isKept(letter.channel) || isUntoldIncident(book, letter))
    // Tried once stays tried: it may have arrived.
    .map((letter) => (changed(letter.channel) ? { ...letter, attempts: Math.min(letter.attempts, 1) } : letter));
  return { ...book, unreadable: undefined, channels: [...channels, ...missed], outbox };
}

function isGone({ absentSince }: ChannelState, now: Date): boolean {
  return absentSince !== undefined && now.getTime() - Date.parse(absentSince) >= GONE_AFTER;
}

function isUntoldIncident({ followed }: Watchbook, { event, edit, incident }: Letter): boolean {
  return event === 'open' && !edit && followed.some(({ id, state }) => id === incident?.id && state === 'open');
}

/** A channel was seen to work: what waits for it need not wait longer. */
export function resume(book: Watchbook, name: Channel, at: string): Watchbook {
  return changeChannel(book, name, (state) => ({ ...state, error: undefined, pause: undefined, lastSentAt: at }));
}

/** The next letter of a channel, when it may be sent now: in their order, because a resolved incident must have been told. */
export function nextLetter({ outbox, channels }: Watchbook, channel: LetterChannel, now: Date): Letter | undefined {
  const pause = channels.find(({ name }) => name === channel)?.pause;
  return pause && Date.parse(pause.until) > now.getTime() ? undefined : outbox.find((letter) => letter.channel === channel);
}

/** The message that the incident of a letter has in the chat whose digest is `place`. */
export function threadOf({ threads }: Watchbook, { incident }: Letter, place: string): Thread | undefined {
  return threads.find((thread) => thread.incident === incident?.id && thread.place === place);
}

/** What an attempt with a letter changes. */
export function recordDelivery(book: Watchbook, { letter, place }: { readonly letter: Letter; readonly place: string }, delivery: Delivery, now: Date): Watchbook {
  switch (delivery.kind) {
    case 'delivered': {
      const sent = changeChannel(without(book, letter), letter.channel, (state) => ({ ...state, dropped: 0, error: undefined, pause: undefined, lastSentAt: toSeconds(now) }));
      return delivery.message === undefined ? sent : withThread(sent, letter, { message: delivery.message, place });
    }
    case 'gone': return changeLetter(book, letter, { edit: false });
    case 'unacceptable': {
      const failed = postpone(book, letter, { why: delivery.why, seconds: retryAfter(letter.attempts + 1) }, now);
      if (letter.attempts + 1 < UNACCEPTABLE_TRIES) return failed;
      return changeChannel(countDropped(without(failed, letter), letter.channel), letter.channel, (state) => ({ ...state, pause: undefined }));
    }
    case 'refused': return postpone(book, letter, { why: delivery.why, seconds: REFUSED_SECONDS }, now);
    case 'later': {
      const seconds = Math.min(delivery.afterSeconds ?? retryAfter(letter.attempts + 1), LONGEST_WISH);
      return postpone(book, letter, { why: delivery.why, seconds }, now);
    }
  }
}

function retryAfter(attempts: number): number {
  return Math.min(RETRY_SECONDS.most, RETRY_SECONDS.first * 2 ** Math.min(attempts - 1, 10));
}

function postpone(book: Watchbook, letter: Letter, { why, seconds }: { readonly why: string; readonly seconds: number }, now: Date): Watchbook {
  // To the second and never too early: 429 is answered with a longer wait to those who come early.
  const until = toSeconds(new Date(Math.ceil((now.getTime() + seconds * 1_000) / 1_000) * 1_000));
  const tried = changeLetter(book, letter, { attempts: letter.attempts + 1 });
  // The channel's, not the letter's: what takes the letter's place, or comes after it, has to wait as well.
  return changeChannel(tried, letter.channel, (state) => ({ ...state, error: why, pause: { since: toSeconds(now), until } }));
}

function changeLetter(book: Watchbook, { id }: Letter, change: Partial<Letter>): Watchbook {
  return { ...book, outbox: book.outbox.map((letter) => (letter.id === id ? { ...letter, ...change } : letter)) };
}

function without(book: Watchbook, { id }: Letter): Watchbook {
  return { ...book, outbox: book.outbox.filter((letter) => letter.id !== id) };
}

/** The message of an incident's last own letter is the one that is edited from then on. */
function withThread(book: Watchbook, { event, incident }: Letter, { message, place }: Omit<Thread, 'incident'>): Watchbook {
  if (!incident || event === 'resolved') return book;
  return { ...book, threads: [...book.threads.filter((thread) => thread.incident !== incident.id), { incident: incident.id, message, place }] };
}
