// Kubernetes quantities: memory ("300Mi", "300M") and CPU ("250m", "0.5") as numbers that can be added and compared.

const MEMORY_UNITS = {
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40,
  k: 1e3, M: 1e6, G: 1e9, T: 1e12,
} as const;

const MEMORY_PATTERN = /^(\d+)(?:\.(\d+))?(Ki|Mi|Gi|Ti|k|M|G|T)$/;
const CPU_PATTERN = /^(?:(\d+)m|(\d+(?:\.\d{1,3})?))$/;

export const MEBIBYTE = MEMORY_UNITS.Mi;

/**
 * Bytes of a memory quantity, also a fraction of one ("1.9Gi"), or undefined where the text is none.
 * A bare number is refused although Kubernetes takes it: "300" would be 300 bytes, which nobody means.
 */
export function parseMemory(text: string): number | undefined {
  const [, whole, fraction = '', unit] = MEMORY_PATTERN.exec(text) ?? [];
  if (whole === undefined || unit === undefined) return undefined;
  // In whole numbers to the last step: 8.2 * 1e9 is not 8.2e9.
  return (Number(whole + fraction) * MEMORY_UNITS[unit as keyof typeof MEMORY_UNITS]) / 10 ** fraction.length;
}

/** Thousandths of a core of a CPU quantity ("250m", "0.25", "2"), or undefined where the text is none. */
export function parseCpu(text: string): number | undefined {
  const [, milli, cores] = CPU_PATTERN.exec(text) ?? [];
  if (milli !== undefined) return Number(milli);
  return cores === undefined ? undefined : Math.round(Number(cores) * 1000);
}

/** Whole bytes of a quantity that the settings' schema has already accepted. @throws RangeError for any other text */
export function bytesOf(quantity: string): number {
  return Math.floor(required(parseMemory(quantity), quantity));
}

/** Thousandths of a core of a quantity that the settings' schema has already accepted. @throws RangeError for any other text */
export function milliCpuOf(quantity: string): number {
  return required(parseCpu(quantity), quantity);
}

/** Whole mebibytes, rounded up: what a budget must set aside. */
export function mebibytes(bytes: number): number {
  return Math.ceil(bytes / MEBIBYTE);
}

function required(value: number | undefined, text: string): number {
  if (value === undefined) throw new RangeError(`not a quantity: ${text}`);
  return value;
}
