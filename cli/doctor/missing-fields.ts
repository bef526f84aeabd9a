// doctor: which fields of the resource the cluster's CustomResourceDefinition does not have yet. Pure.
import { buildCustomResourceDefinition } from '../../operator/api/crd.js';
import type { FieldSchema } from '../../operator/core/declared-fields.js';

/** What a version of a definition has. */
interface DefinedVersion {
  readonly schema: { readonly openAPIV3Schema: FieldSchema };
}

/** Paths such as `status.backup.retention`, in the order of this program's definition. @param found the schema of the version that is served, as the cluster has it */
export function missingFields(found: unknown): string[] {
  const [own] = buildCustomResourceDefinition().spec['versions'] as readonly DefinedVersion[];
  return own ? absent(own.schema.openAPIV3Schema, (found as Partial<DefinedVersion['schema']> | undefined)?.openAPIV3Schema ?? {}, []) : [];
}

function absent({ properties = {}, items }: FieldSchema, found: FieldSchema, path: readonly string[]): string[] {
  if (items) return absent(items, found.items ?? {}, path);
  return Object.entries(properties).flatMap(([name, schema]) => {
    const theirs = found.properties?.[name];
    return theirs ? absent(schema, theirs, [...path, name]) : [[...path, name].join('.')];
  });
}
