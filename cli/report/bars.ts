// Shares as small bars, and sizes as a person reads them. Pure.
import type { Colour, Paint } from '../output.js';

const WIDTH = 12;
/** Shares from which on a bar is yellow, and red. */
const WORTH_A_LOOK = 0.75;
const NEARLY_FULL = 0.9;

/** Of something that is bad when it is full. */
export function bar(share: number, paint: Paint): string {
  const filled = Math.min(WIDTH, Math.max(share > 0 ? 1 : 0, Math.round(share * WIDTH)));
  return `${paint(colourOf(share), '█'.repeat(filled))}${paint('dim', '░'.repeat(WIDTH - filled))}`;
}

/** Undefined where there is nothing to divide by. */
export function share(used: number | undefined, most: number | undefined): number | undefined {
  return used === undefined || most === undefined || most <= 0 ? undefined : used / most;
}

function colourOf(value: number): Colour {
  if (value >= NEARLY_FULL) return 'red';
  return value >= WORTH_A_LOOK ? 'yellow' : 'green';
}

export function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}

const UNITS = [['Gi', 2 ** 30], ['Mi', 2 ** 20], ['Ki', 2 ** 10]] as const;

/** In the units of Kubernetes: 180Mi, 1.2Gi. */
export function size(bytes: number): string {
  const [unit, bytesOfOne] = UNITS.find(([, one]) => bytes >= one) ?? ['', 1];
  const amount = bytes / bytesOfOne;
  return `${unit === 'Gi' && amount < 10 ? amount.toFixed(1) : Math.round(amount)}${unit}`;
}
