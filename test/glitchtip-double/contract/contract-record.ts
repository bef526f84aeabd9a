/** What a run of the contract leaves, and how that of an image is compared with that of its double. */
import type { Release } from '../../../operator/api/glitchtip-releases.js';
import type { RowResult } from './contract.js';

export interface ContractRecord {
  readonly image: string;
  readonly release: Release;
  /** Made of the double that stands in where no registry answers: it proves nothing of GlitchTip. */
  readonly isDouble: boolean;
  /** ISO 8601. */
  readonly at: string;
  readonly settled: readonly { readonly name: string; readonly found: string; readonly problems: readonly string[] }[];
  readonly rows: readonly RowResult[];
}

/** `6.2-double.json`, or after the image: `glitchtip-6.2.6.json`. */
export function recordName({ image, release, isDouble }: Pick<ContractRecord, 'image' | 'release' | 'isDouble'>): string {
  return isDouble ? `${release}-double.json` : `${image.replace(/\.tar$/, '').replace(/^.*\//, '').replaceAll(/[^\w.-]/g, '-')}.json`;
}

/** Whether an event has one before or after it depends on which of them is stored first. */
const NEIGHBOUR = /((?:next|previous)EventID):(?:null|string)/g;

/** A line for each row that another status or shape came back for, or that one of them lacks. */
export function compareShapes(double: Pick<ContractRecord, 'rows'>, found: Pick<ContractRecord, 'rows'>): string[] {
  const rowsOf = ({ rows }: Pick<ContractRecord, 'rows'>) => new Map(rows.map(({ name, status, shape }) => [name, `${status} ${shape.replaceAll(NEIGHBOUR, '$1')}`]));
  const [before, now] = [rowsOf(double), rowsOf(found)];
  return [...new Set([...before.keys(), ...now.keys()])].flatMap((name) => (before.get(name) === now.get(name) ? [] : [`${name}: ${before.get(name) ?? 'no row'} of the double, ${now.get(name) ?? 'no row'} of the image`]));
}
