// What the CustomResourceDefinition takes of the status: also words that this version does not know.
import { expect, it } from '@jest/globals';
import { buildCustomResourceDefinition } from '../../../../operator/api/crd.js';
import { glitchTipStatus } from '../../../../operator/api/glitchtip-resource.js';

interface Schema { readonly enum?: readonly string[]; readonly properties?: Readonly<Record<string, Schema>>; readonly items?: Schema }

const [version] = (buildCustomResourceDefinition().spec as unknown as { versions: { schema: { openAPIV3Schema: { properties: { status: Schema } } } }[] }).versions;

/** Paths of fields that are one word of a list. */
function closed({ enum: words, properties = {}, items }: Schema, path = 'status'): string[] {
  return [...(words ? [path] : []), ...Object.entries(properties).flatMap(([name, field]) => closed(field, `${path}.${name}`)), ...(items ? closed(items, `${path}[]`) : [])];
}

it('no word of the status is of a closed list, but those of Kubernetes itself', () => {
  expect(closed(version?.schema.openAPIV3Schema.properties.status ?? {})).toEqual(['status.conditions[].status']);
});

it.each([
  ['a new reason', 'MoonTooBright', true],
  ['one with a dash', 'restart-worker', true],
  ['a sentence', 'the moon is too bright', false],
  ['nothing', '', false],
])('as a reason it takes %s: %j, %s', (_, reason, fits) => {
  const incident = { id: '1', reason, part: 'web', severity: 'critical', since: '2026-06-01T12:00:00Z', message: 'm', advice: 'a' };
  expect(glitchTipStatus.safeParse({ health: { incidents: [incident] } }).success).toBe(fits);
});
