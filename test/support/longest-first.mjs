// Jest's sequencer: of files that run side by side, those that take longest begin first, so that none is left over alone at the end.
import Sequencer from '@jest/test-sequencer';

/** Ends of paths. A file that mostly waits comes beside one that works. */
const LONGEST_FIRST = [
  'cluster/faults.test.ts', 'cluster/stack.test.ts',
  'replay/rotation-hard.test.ts', 'replay/rotation.test.ts', 'api/adoption.test.ts', 'api/gateway-fuzz.test.ts',
];

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const long = LONGEST_FIRST.flatMap((end) => tests.filter(({ path }) => path.endsWith(end)));
    return [...long, ...super.sort(tests.filter((test) => !long.includes(test)))];
  }
}
