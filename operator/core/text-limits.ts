// Texts of others, made fit to be kept and sent: without control characters, and no longer than a limit.

/** Half characters and control characters, which a pod may write and no channel takes, are replaced. */
export function clean(text: string): string {
  return text.replace(/\p{Cs}/gu, '\uFFFD').replace(/[^\P{Cc}\n]/gu, ' ');
}

/** At most `most` UTF-16 code units, and no half of a character. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${wholeCharacters(text.slice(0, most - 1))}…`;
}

/** Without the half of a character that a cut left at the end. */
export function wholeCharacters(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '');
}
