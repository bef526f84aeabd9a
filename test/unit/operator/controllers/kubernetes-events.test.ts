// An event's note is as long as the API takes it: the API counts bytes.
import { describe, expect, it } from '@jest/globals';
import type { EventNote } from '../../../../operator/controllers/ports.js';
import { recordEvent } from '../../../../operator/controllers/kubernetes-events.js';

async function noteOf(note: string): Promise<string> {
  const recorded: EventNote[] = [];
  const resource = { metadata: { name: 'g', namespace: 'n', uid: 'u', generation: 1, resourceVersion: '1' }, spec: {} };
  const cluster = { recordEvent: (_: unknown, event: EventNote) => Promise.resolve(void recorded.push(event)) };
  await recordEvent({ cluster, log: () => undefined }, resource, { type: 'Normal', reason: 'R', action: 'A', note }, { at: new Date(), signal: new AbortController().signal });
  return recorded[0]?.note ?? 'none';
}

describe('the note of an event', () => {
  it.each([
    ['that is short', 'Web is down.', 'Web is down.'], ['of ASCII', 'x'.repeat(2_000), 'x'.repeat(1_024)],
    ['of two bytes a character', 'ü'.repeat(1_000), 'ü'.repeat(512)], ['of three', '–'.repeat(1_000), '–'.repeat(341)], ['of four', '🔴'.repeat(500), '🔴'.repeat(256)],
    ['with a character across the border', `${'x'.repeat(1_022)}🔴`, 'x'.repeat(1_022)],
  ])('%s', async (_, note, expected) => expect(await noteOf(note)).toBe(expected));
});
