// Builds the CustomResourceDefinition of GlitchTip from its zod source; charts/ writes it to dist/.
import * as z from 'zod/mini';

import { glitchTipSpec, glitchTipStatus } from './glitchtip-resource.js';
import { GROUP, KIND, PLURAL, VERSION } from './object-names.js';

type Schema = Record<string, unknown>;

/** A CustomResourceDefinition as plain data: what `kubectl apply` takes. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: Schema;
}

/**
 * The CustomResourceDefinition of GlitchTip, always the same for the same source.
 * Structural: every field has a type, unknown fields are pruned (or refused with strict validation).
 */
export function buildCustomResourceDefinition(): CustomResourceDefinition {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${PLURAL}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind: KIND, listKind: `${KIND}List`, plural: PLURAL, singular: 'glitchtip', shortNames: ['gt'] },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: printerColumns(),
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: 'One GlitchTip, whose credentials and health the operator keeps.',
              required: ['spec'],
              properties: { spec: structural(glitchTipSpec), status: structural(glitchTipStatus) },
            },
          },
        },
      ],
    },
  };
}

function printerColumns(): Schema[] {
  const ready = (field: string) => `.status.conditions[?(@.type=="Ready")].${field}`;
  return [
    { name: 'Version', type: 'string', jsonPath: '.spec.version' },
    { name: 'Ready', type: 'string', jsonPath: ready('status') },
    { name: 'Reason', type: 'string', jsonPath: ready('reason') },
    { name: 'Healthy', type: 'string', jsonPath: '.status.conditions[?(@.type=="Healthy")].reason', description: 'AllWell, or the root cause of what is wrong' },
    { name: 'Rotation', type: 'string', jsonPath: '.status.rotation.current.phase', description: 'Phase of the rotation that is under way' },
    { name: 'Rotated', type: 'date', jsonPath: '.status.rotation.lastCompletedAt', description: 'Time since the credentials were rotated' },
    { name: 'Next', type: 'string', jsonPath: '.status.rotation.nextAt', description: 'When the schedule rotates them next' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Message', type: 'string', jsonPath: ready('message'), priority: 1 },
  ];
}

/** JSON Schema of a zod schema, less what Kubernetes' structural schemas forbid ($schema, additionalProperties beside properties). */
function structural(schema: z.ZodMiniType): Schema {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      delete jsonSchema.$schema;
      delete jsonSchema.additionalProperties;
    },
  }) as Schema;
  delete json['$schema'];
  return withWholeDefaults(json);
}

/**
 * The default of an object with the defaults of its fields in it: the API server checks a default against the rules of its
 * object before it fills in the fields, and `{}` has none of the fields that a rule speaks of.
 */
function withWholeDefaults(schema: Schema): Schema {
  const { properties, default: own } = schema as { properties?: Record<string, Schema>; default?: Schema };
  if (!properties) return schema;
  const filled = Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, withWholeDefaults(field)]));
  const defaults = Object.entries(filled).filter(([, field]) => 'default' in field).map(([name, field]) => [name, field['default']]);
  return { ...schema, properties: filled, ...(own ? { default: { ...Object.fromEntries(defaults), ...own } } : {}) };
}
