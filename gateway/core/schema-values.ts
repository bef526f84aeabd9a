// What GlitchTip's schemas (pydantic 2, not strict) take for a text, a whole number and a time; each as it was seen to do it.

/** Numbers are texts, too; null is left to who asks. */
export function isText(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number';
}

export function isTextOrNothing(value: unknown): boolean {
  return value === undefined || value === null || isText(value);
}

const WHOLE_TEXT = /^\s*[+-]?\d+(?:_\d+)*(?:\.0+)?\s*$/;

/** Undefined for what is no whole number. Texts, true and 7.0 are. */
export function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string') return WHOLE_TEXT.test(value) ? Number(value.replaceAll('_', '')) : undefined;
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? value : undefined;
}

const SECONDS = /^[+-]?(?:\d+|\d*\.\d+|\d+\.(?:\d*(?:e\d+)?))$/;
const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt _](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?:Z|z|[+\u2212-](?:[01]\d|2[0-3]):?[0-5]\d)?)?$/;
/** Numbers beyond it are milliseconds. Seconds. */
const LARGEST_SECONDS = 2e10;
/** The years 1 to 9999. Seconds of Unix time. */
const YEARS = { first: -62_135_596_800, last: 253_402_300_800 };

/** A date, a date with a time, or seconds of Unix time as a number or a text. */
export function isTime(value: unknown): boolean {
  if (typeof value === 'number') return isInYears(Math.abs(value) > LARGEST_SECONDS ? value / 1_000 : value);
  if (typeof value !== 'string') return false;
  return SECONDS.test(value) ? isTime(Number(value)) : isDate(TIME.exec(value));
}

function isInYears(seconds: number): boolean {
  return seconds >= YEARS.first && seconds < YEARS.last;
}

/** @param match year, month and day */
function isDate(match: RegExpExecArray | null): boolean {
  const [, year, month, day] = match?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined || year === 0) return false;
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}
