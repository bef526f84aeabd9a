// Regenerates settings.schema.json; CI compares the result with what is committed.
import { readFileSync, writeFileSync } from 'node:fs';
import { buildSettingsJsonSchema } from './json-schema.js';

const schema = buildSettingsJsonSchema(readFileSync('settings.example.yaml', 'utf8'));
writeFileSync('settings.schema.json', `${JSON.stringify(schema, null, 2)}\n`);
