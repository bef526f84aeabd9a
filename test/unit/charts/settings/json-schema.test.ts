// settings.schema.json as an editor uses it: it takes what the product takes, and refuses what somebody mistypes.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { buildSettingsJsonSchema } from '../../../../charts/settings/json-schema.js';
import { checkSettings } from '../../../../charts/settings/load-settings.js';

const example = readFileSync('settings.example.yaml', 'utf8');
const schema = buildSettingsJsonSchema(example);
const ajv = new Ajv({ allErrors: true, strict: false });
formats.default(ajv);
const validate = ajv.compile(schema);

const isTaken = (value: unknown) => {
  try {
    checkSettings(value);
    return true;
  } catch {
    return false;
  }
};

describe('the JSON Schema of settings.yaml', () => {
  it('is what is committed', () => expect(JSON.parse(readFileSync('settings.schema.json', 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema))));

  it('is named by the first line of the example', () => expect(example.split('\n')[0]).toBe('# yaml-language-server: $schema=./settings.schema.json'));

  it.each<[string, string]>([
    ['the example', example], ['nothing', '{}'], ['a release without quotes', 'version: 5.2'], ['a limit', 'resources: {web: {limits: {memory: 512Mi, cpu: 0.5}}}'],
  ])('takes %s, as the product does', (_, text) => {
    expect([validate(parse(text)), isTaken(parse(text))]).toEqual([true, true]);
  });

  it.each<[string, string]>([
    ['an unknown key', 'domian: http://localhost:9090'], ['an unknown key below', 'host: {ram: 2Gi}'], ['memory without a unit', 'host: {memory: "2"}'], ['an unknown release', 'version: "5.3"'],
    ['a word for a number', 'retentionDays: many'], ['an unknown profile', 'profile: small'], ['a time that is none', 'rotation: {at: "25:00"}'], ['a list for a mapping', 'email: []'],
  ])('refuses %s, as the product does', (_, text) => {
    expect([validate(parse(text)), isTaken(parse(text))]).toEqual([false, false]);
  });

  it("shows a key's comment of the example", () => {
    expect(schema.properties?.['retentionDays']).toMatchObject({ description: 'Days that events are kept.', default: 90 });
    expect(schema.properties?.['rotation']?.['description']).toEqual(expect.any(String));
  });
});
