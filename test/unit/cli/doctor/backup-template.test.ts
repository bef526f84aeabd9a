// What doctor reads of a backup's pods is where the manifests have it.
import { expect, it } from '@jest/globals';
import { STORE_CREDENTIALS } from '../../../../cli/doctor/gathered-facts.js';
import * as objects from '../../../../cli/doctor/kubernetes-objects.js';
import { renderStack } from '../../../charts/synthesize.js';

const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

function templateOf(backup: object): objects.PodTemplate {
  const manifests = renderStack({ backup, operator: { bundle: 'image' }, images: { operator: 'registry.example.com/glitchkeeper@sha256:'.concat('0'.repeat(64)) } });
  return objects.podTemplate.parse(manifests.find(({ kind, metadata }) => kind === 'PodTemplate' && metadata.name === 'backup'));
}
const recipients = (template: objects.PodTemplate): string | undefined => {
  const program = template.template.spec.containers.find(({ name }) => name === 'store');
  return program && objects.variable(program, 'RECIPIENTS');
};

it('of a bucket: its Secret, and for whom copies are encrypted', () => {
  const template = templateOf({ store: 's3', recipients: [RECIPIENT], s3: { endpoint: 'https://s3.example.com', bucket: 'copies', secret: 'mine' } });
  expect([objects.secretMountedAt(template, STORE_CREDENTIALS), recipients(template)]).toEqual(['mine', RECIPIENT]);
});

it('of a volume: neither', () => {
  const template = templateOf({ store: 'volume' });
  expect([objects.secretMountedAt(template, STORE_CREDENTIALS), recipients(template)]).toEqual([undefined, undefined]);
});
