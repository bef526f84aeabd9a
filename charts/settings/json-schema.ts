// The JSON Schema of settings.yaml, by which an editor completes and checks it: made from the zod schema, described by the comments of the example.
import { isMap, isScalar, parseDocument, type Pair, type YAMLMap } from 'yaml';
import * as z from 'zod';
import { settingsSchema } from './schema.js';

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly [keyword: string]: unknown;
}

/** @param example text of settings.example.yaml: the comment above a key is what an editor shows for it */
export function buildSettingsJsonSchema(example: string): JsonSchema {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any', target: 'draft-7' }) as JsonSchema;
  const { contents } = parseDocument(example);
  return { ...describeProperties(schema, isMap(contents) ? contents : undefined), title: 'glitchkeeper settings' };
}

function describeProperties(schema: JsonSchema, mapping: YAMLMap | undefined): JsonSchema {
  if (!schema.properties) return schema;
  const properties = Object.entries(schema.properties).map(([key, property]) => {
    const pair = mapping?.items.find((item) => isScalar(item.key) && item.key.value === key);
    const description = pair && commentOf(pair, mapping);
    const described = describeProperties(property, isMap(pair?.value) ? pair.value : undefined);
    return [key, { ...described, ...(description === undefined ? {} : { description }) }];
  });
  return { ...schema, properties: Object.fromEntries(properties) as Record<string, JsonSchema> };
}

/** The last paragraph above a key: a blank line parts it from what is said of a whole section. */
function commentOf({ key }: Pair, mapping: YAMLMap | undefined): string | undefined {
  const isFirst = mapping?.items[0]?.key === key;
  const comment = (isScalar(key) ? key.commentBefore : undefined) ?? (isFirst ? mapping?.commentBefore : undefined);
  return comment?.split(/\n\s*\n/).at(-1)?.split('\n').map((line) => line.trim()).join(' ').trim();
}
