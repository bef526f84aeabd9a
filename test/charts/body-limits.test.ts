// Each part takes what the part before it may send: from the gateway to web, and from web through Valkey to the worker.
import { describe, expect, it } from '@jest/globals';
import { CONFIG_MAPS } from '../../charts/part-names.js';
import { releaseFacts } from '../../charts/releases.js';
import { itemPolicy } from '../../gateway/core/item-policy.js';
import { RELEASES } from '../../operator/api/glitchtip-releases.js';
import { find, renderStack } from './synthesize.js';

/** An event is in so many buffers of Valkey's on its way: Celery's message and its note of it, coming and going. */
const BUFFERS = 4;

describe('the limit of a body', () => {
  const limits = RELEASES.flatMap((release) => {
    const { split, single } = releaseFacts(release);
    return [split.web, ...(single ? [single] : [])].map(({ env }, index) => [release, index === 0 ? 'web' : 'single', env.find(({ name }) => name === 'GLITCHTIP_MAX_UNZIPPED_PAYLOAD_SIZE')?.value] as const);
  });
  it('is set for every process that takes events', () => expect(limits.map(([release, process]) => `${release} ${process}`)).toEqual(['5.2 web', '6.2 web', '6.2 single']));
  it.each(limits)('of %s, %s, is above the largest envelope that the gateway takes', (release, _, limit) => {
    const { largestEnvelope, largestItem } = itemPolicy(release);
    expect(Number(limit)).toBeGreaterThan(largestEnvelope);
    expect(largestEnvelope).toBeGreaterThanOrEqual(largestItem);
  });
});

it('Valkey holds the largest event of 5.2 in every buffer that it is in, before it ends the connection of the worker', () => {
  const config = Object.values(find(renderStack(), 'ConfigMap', CONFIG_MAPS.valkey).data ?? {}).join('\n');
  const [, megabytes] = /^maxmemory (\d+)mb$/m.exec(config) ?? [];
  const [, percent] = /^maxmemory-clients (\d+)%$/m.exec(config) ?? [];
  expect(Number(megabytes) * 2 ** 20 * Number(percent) / 100).toBeGreaterThan(BUFFERS * itemPolicy('5.2').largestItem);
});
