// Polling: what is shown, when it asks, and what ends it.
import { describe, expect, it } from '@jest/globals';
import { Failure, type FailureKind } from '../../../../cli/failure.js';
import { watch, type View } from '../../../../cli/live/poll.js';

/** Answers in their order, the last one for ever; what was shown until `polls` answers were given and one more tick has passed. */
async function watched(answers: readonly string[], polls: number): Promise<View<string>[]> {
  const shown: View<string>[] = [];
  let time = 0;
  let asked = 0;
  let stop: () => void = () => undefined;
  const until = new Promise<void>((resolve) => { stop = resolve; });
  await watch({
    read: () => {
      const answer = answers[Math.min(asked, answers.length - 1)] ?? '';
      asked += 1;
      return answer.startsWith('=') ? Promise.resolve(answer.slice(1)) : Promise.reject(new Failure(answer as FailureKind, `because of ${answer}`));
    },
    show: (view) => {
      shown.push(view);
      if (asked >= polls && shown.length > polls + 2) stop();
    },
    every: 2, until: () => until, tick: 1,
    // A second a reading of the clock.
    now: () => new Date((time += 1000)),
  });
  return shown;
}
const distinct = (views: readonly View<string>[]): string[] => [...new Set(views.map(({ value, trouble }) => trouble === undefined ? value : `${value}, ${trouble}`))];

describe('watching', () => {
  it('shows each answer', async () => expect(distinct(await watched(['=a', '=b', '=c'], 3))).toEqual(['a', 'b', 'c']));

  it.each<FailureKind>(['unreachable', 'other', 'unauthorized', 'no kind', 'forbidden', 'not found'])('outlives "%s": shows the last answer with its age, and then the next one', async (kind) => {
    const shown = await watched(['=a', kind, '=b'], 3);
    expect(distinct(shown)).toEqual(['a', `a, because of ${kind}`, 'b']);
    const ages = new Set(shown.filter(({ value }) => value === 'a').map(({ seenAt }) => seenAt.getTime()));
    expect(ages.size).toBe(1);
  });

  it.each<FailureKind>(['no kubectl', 'no context', 'no namespace', 'usage'])('ends with "%s", which does not pass', async (kind) => {
    await expect(watched(['=a', kind], 99)).rejects.toThrow(`because of ${kind}`);
  });

  it('ends when the first poll fails: a wrong name is reported at once', async () => {
    await expect(watched(['unreachable'], 99)).rejects.toThrow('because of unreachable');
  });
});
