// What others wrote, such as the message of an event, made fit for a terminal: nothing in it moves the cursor, changes a colour or the direction of text, or hides. Pure.

/** Control characters (C0, DEL, C1), format characters, line and paragraph separators, halves of characters. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** On one line; what cannot be seen is written as \u{1b}. */
export function visible(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** JSON that means the same as JSON.stringify's, and has none of them. */
export function safeJson(value: object): string {
  return JSON.stringify(value).replace(UNSAFE, (character) => Array.from({ length: character.length }, (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join(''));
}
