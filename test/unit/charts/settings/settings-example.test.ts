import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { parseSettings } from '../../../../charts/settings/load-settings.js';
import { settingsSchema } from '../../../../charts/settings/schema.js';

const text = readFileSync('settings.example.yaml', 'utf8');

/** Paths of all keys that the schema knows, down to those that hold a value. */
function keys(schema: unknown, path = ''): string[] {
  const { properties } = schema as { properties?: Record<string, unknown> };
  if (properties === undefined) return [path];
  return Object.entries(properties).flatMap(([key, inner]) => keys(inner, path === '' ? key : `${path}.${key}`));
}

describe('settings.example.yaml', () => {
  it('says exactly the defaults', () => expect(parseSettings(text)).toEqual(settingsSchema.parse({})));

  it.each(keys(z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' })))('shows %s', (path) => {
    expect(text).toMatch(new RegExp(`\\b${path.split('.').at(-1) ?? ''}:`));
  });
});
