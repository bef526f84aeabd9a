// What is in a support archive, and what was kept out of it. Pure.
import { size } from '../report/bars.js';
import { denseGrid } from '../report/columns.js';

export interface FileReport {
  readonly path: string;
  readonly bytes: number;
  /** Secrets that were removed from it. */
  readonly removed: number;
}

export interface BundleReport {
  readonly file: string;
  /** Of the archive. */
  readonly bytes: number;
  readonly files: readonly FileReport[];
  /** Times that a value was removed, by Secret and key, or by what it looked like. */
  readonly removed: Readonly<Record<string, number>>;
  readonly notCollected: readonly { readonly path: string; readonly why: string }[];
  /** Values of Secrets that are too short to be looked for. */
  readonly tooShort: readonly string[];
}

export function renderReport({ file, bytes, files, removed, notCollected, tooShort }: BundleReport): string {
  const times = Object.values(removed).reduce((sum, one) => sum + one, 0);
  return [
    denseGrid(['file', 'size', 'secrets removed'], files.map((one) => [one.path, size(one.bytes), one.removed === 0 ? '' : String(one.removed)])),
    ...(notCollected.length === 0 ? [] : ['not collected:', ...notCollected.map(({ path, why }) => `  ${path}: ${why}`)]),
    times === 0 ? 'no secret was found in what was collected' : `removed ${times} times:`,
    ...Object.entries(removed).map(([name, count]) => `  ${name}: ${count}`),
    ...(tooShort.length === 0 ? [] : [`too short to be found and not removed, check the archive for them: ${tooShort.join(', ')}`]),
    `${file}: ${size(bytes)}. Look through it before you send it to anybody.`,
  ].join('\n');
}
