// A rotation that a measurement waits for: no other one is taken for it, and one that does not end is told.
import { describe, expect, it } from '@jest/globals';
import { completeRotation } from '../../bench/requested-rotation.js';
import { condition, current, ended, resource, type Scenario } from '../cli/cli-scenarios.js';

const OLDER = ended('20260101T000000Z-000000', 'Completed');
const NEWEST = ended('20260601T110000Z-bbbbbb', 'Completed');
const OURS = '20260601T115000Z-aaaaaa';

/** Shows what is before the request, and then one look after the other, of which the last one stays. */
async function waited(before: Scenario, looks: readonly Scenario[], seconds = 60): Promise<{ readonly asked: readonly string[]; readonly looks: number }> {
  const asked: string[] = [];
  let [seen, now] = [0, 0];
  const read = () => Promise.resolve(resource((asked.length === 0 ? before : looks[Math.min(seen++, looks.length - 1)]) ?? {}));
  const clock = { now: () => now, sleep: (milliseconds: number) => Promise.resolve((now += milliseconds)) };
  await completeRotation({ read, request: (value) => Promise.resolve(void asked.push(value)) }, seconds, clock);
  return { asked, looks: seen };
}

describe('a rotation of everything is waited for', () => {
  it('through its phases, until it is completed', async () => {
    const found = await waited({ history: [NEWEST, OLDER] }, [{ annotation: 'all', history: [NEWEST, OLDER] }, { current: current('Rolling'), history: [NEWEST, OLDER] }, { history: [ended(OURS, 'Completed'), NEWEST, OLDER] }]);
    expect(found).toEqual({ asked: ['all'], looks: 3 });
  });

  it('also where the history is taken away meanwhile, or another one comes to be the newest', async () => {
    const found = await waited({ history: [NEWEST, OLDER] }, [{ annotation: 'all' }, { annotation: 'all', history: [OLDER] }, { current: current('Proving') }, { history: [ended(OURS, 'Completed')] }]);
    expect(found.looks).toBe(4);
  });
});

describe('an error says where it stands', () => {
  it.each<[string, Scenario, readonly Scenario[], string]>([
    [
      'when the operator never begins, and why it is not Ready', {},
      [{ annotation: 'all', conditions: [condition('Ready', 'False', 'JournalMalformed', 'The journal cannot be understood.')] }],
      'within 60 s: gave up waiting; the rotation goes on without this program. Last seen: the operator has not recorded the request yet; Ready False, JournalMalformed: The journal cannot be understood.',
    ],
    ['when it stays in a phase', {}, [{ current: current('Rolling', { message: 'no room' }) }], 'Last seen: Rolling: no room; Ready True, AllWell: '],
    ['when it is undone', {}, [{ history: [ended(OURS, 'Undone')] }], `rotation ${OURS} was undone: Rolling did not end in time.`],
    ['when none can be asked for', { spec: { suspend: true } }, [], 'no rotation can be asked for: spec.suspend is true'],
    ['when a request of before is still there', { annotation: 'all' }, [], 'no rotation can be asked for: "all" is asked for already'],
  ])('%s', async (_, before, looks, message) => {
    await expect(waited(before, looks)).rejects.toThrow(message);
  });
});
