// Django's SECRET_KEY: the old key goes on verifying what it signed, until a moment that is written beside it.
import { Sensitive } from '../sensitive.js';

/** A key that is still accepted, and until when. */
interface Fallback {
  readonly key: string;
  /** Seconds since the epoch. */
  readonly until: number;
}

/**
 * The file SECRET_KEY_FALLBACKS, SECONDS:KEY a line. charts/runtime/sitecustomize.py compares with the clock at each use, so that a
 * key expires in time without a restart, and without the operator. One word a line: a reader that takes each word for a key, as
 * older ones did, gets none that anybody could guess.
 */
export function fallbacksAfter(current: Sensitive, previousKey: Sensitive, { now, graceHours }: { now: Date; graceHours: number }): Sensitive {
  const kept = parseFallbacks(current).filter(({ until }) => until * 1_000 > now.getTime());
  const until = Math.floor(now.getTime() / 1_000) + graceHours * 3_600;
  // A key that a person chose may hold spaces: in this file each of its words would become a key, which is easier to guess than the whole.
  const fits = /^\S+$/.test(previousKey.reveal());
  return format(graceHours > 0 && fits ? [{ key: previousKey.reveal(), until }, ...kept] : kept);
}

/** The file without the keys whose time is over. */
export function unexpiredFallbacks(current: Sensitive, now: Date): Sensitive {
  return format(parseFallbacks(current).filter(({ until }) => until * 1_000 > now.getTime()));
}

function parseFallbacks(text: Sensitive): readonly Fallback[] {
  return text.reveal().split('\n').flatMap((line) => {
    const [, until, key] = /^(\d+):(\S+)$/.exec(line.trim()) ?? [];
    return key === undefined ? [] : [{ key, until: Number(until) }];
  });
}

function format(fallbacks: readonly Fallback[]): Sensitive {
  return new Sensitive(fallbacks.map(({ key, until }) => `${until}:${key}\n`).join(''));
}
