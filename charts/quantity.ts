// Kubernetes quantities: memory ("300Mi", "300M") and CPU ("250m", "0.5") as numbers that can be added and compared.

import { parseQuantity } from '../operator/core/quantity.js';

/** What a memory quantity of the settings looks like; also in their JSON Schema. */
export const MEMORY_PATTERN = /^\d+(\.\d+)?(Ki|Mi|Gi|Ti|k|M|G|T)$/;
const CPU_PATTERN = /^(\d+m|\d+(\.\d{1,3})?)$/;

export const MEBIBYTE = 2 ** 20;

/**
 * Bytes of a memory quantity, also a fraction of one ("1.9Gi"), or undefined where the text is none.
 * A bare number is refused although Kubernetes takes it: "300" would be 300 bytes, which nobody means.
 */
export function parseMemory(text: string): number | undefined {
  return MEMORY_PATTERN.test(text) ? parseQuantity(text) : undefined;
}

/** Thousandths of a core of a CPU quantity ("250m", "0.25", "2"), or undefined where the text is none. */
export function parseCpu(text: string): number | undefined {
  const cores = CPU_PATTERN.test(text) ? parseQuantity(text) : undefined;
  return cores === undefined ? undefined : Math.round(cores * 1000);
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
