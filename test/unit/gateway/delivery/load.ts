// Events for the model, and how often each was stored.
import type { Model } from './model.js';

export const idOf = (number: number) => number.toString(16).padStart(32, '0');

/** Appends so many events a second for so long. @returns their ids */
export async function load(model: Model, { events, seconds, bytes }: { readonly events: number; readonly seconds: number; readonly bytes?: number }, from = 1): Promise<string[]> {
  const ids: string[] = [];
  for (let second = 0; second < seconds; second += 1) {
    for (let count = 0; count < events; count += 1) {
      const id = idOf(from + ids.length);
      ids.push(id);
      await model.append(id, { bytes });
    }
    await model.run(1_000);
  }
  return ids;
}

export const timesStored = (model: Model, ids: readonly string[]) => ids.map((id) => model.rows.get(id) ?? 0);
export const notOnce = (model: Model, ids: readonly string[]) => timesStored(model, ids).filter((times) => times !== 1).length;
