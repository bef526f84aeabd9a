// The Secrets of the namespace: their values for the scrubber alone, their names and the names of their keys for the archive.
import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import * as z from 'zod';
import { ask, type Place } from '../glitchtip-resource-access.js';
import type { SecretValue } from './secret-forms.js';

const list = z.object({ items: z.array(z.object({
  metadata: z.object({ name: z.string() }),
  type: z.string().default('Opaque'),
  data: z.record(z.string(), z.string()).nullish(),
})) });

export interface SecretList {
  readonly values: readonly SecretValue[];
  readonly names: ReadonlySet<string>;
  /** What the archive says of them: nothing of a value, not even its length. */
  readonly description: string;
  /** Changes when a value does. */
  readonly fingerprint: string;
}

/** @throws Failure when they may not be read: then nothing can be promised of the archive */
export async function readSecrets(place: Place): Promise<SecretList> {
  return describeSecrets(await ask(place, 'get', 'secrets', '--output', 'json'));
}

export function describeSecrets(json: string): SecretList {
  const { items } = list.parse(JSON.parse(json));
  return {
    values: items.flatMap(({ metadata, data }) => Object.entries(data ?? {}).map(([key, value]) => ({ name: `${metadata.name}/${key}`, bytes: Buffer.from(value, 'base64') }))),
    names: new Set(items.map(({ metadata }) => metadata.name)),
    description: stringify(items.map(({ metadata, type, data }) => ({ name: metadata.name, type, keys: Object.keys(data ?? {}) }))),
    fingerprint: createHash('sha256').update(JSON.stringify(items.map(({ metadata, data }) => [metadata.name, data]))).digest('hex'),
  };
}
