// What of an object a schema declares: the rest is of a newer version, and an API server with an older one refuses the whole for it. Pure.

/** Of an OpenAPI schema, as a CustomResourceDefinition has it, what says which fields there are. */
export interface FieldSchema {
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
}

export interface DeclaredPart {
  readonly declared: unknown;
  /** Paths of the fields that are not, such as `status.backup.retention`; once for all items of a list. */
  readonly undeclared: readonly string[];
}

/** @param path of the value, for the messages */
export function declaredPart(value: unknown, schema: FieldSchema, path: string): DeclaredPart {
  const undeclared = new Set<string>();
  const declared = pick(value, schema, { path, undeclared });
  return { declared, undeclared: [...undeclared] };
}

function pick(value: unknown, { properties, items }: FieldSchema, { path, undeclared }: { readonly path: string; readonly undeclared: Set<string> }): unknown {
  if (Array.isArray(value)) return items ? value.map((item) => pick(item, items, { path, undeclared })) : value;
  if (typeof value !== 'object' || value === null || !properties) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, field]) => {
    const [inner, schema] = [`${path}.${name}`, properties[name]];
    if (schema) return [[name, pick(field, schema, { path: inner, undeclared })]];
    // What is undefined is not written.
    if (field !== undefined) undeclared.add(inner);
    return [];
  }));
}
