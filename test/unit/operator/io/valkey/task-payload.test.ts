// What is read of a task of GlitchTip 6.2, whatever a client put into the event that it holds. Compressed ones: test/api/compressed-tasks.test.ts.
import { describe, expect, it } from '@jest/globals';
import { readTask } from '../../../../../operator/io/valkey/task-payload.js';
import { taskOf } from './vtasks-payloads.js';

const read = (text: string) => readTask(Buffer.from(text));
const TS = 1_796_000_000.25;

describe('a task', () => {
  it.each<[string, Parameters<typeof taskOf>[0], object]>([
    ['that waits', { queue: 'ingest', ts: TS }, { queuedAt: TS, queue: 'ingest' }],
    ['that failed', { queue: 'ingest', ts: TS, failed_at: TS + 7 }, { queuedAt: TS, failedAt: TS + 7, queue: 'ingest' }],
    ['whose event has the same keys', { queue: 'ingest', ts: TS, event: { ts: 1, queue: 'default', failed_at: 2, nested: { ts: 3 } } }, { queuedAt: TS, queue: 'ingest' }],
    ['whose event has them in a text', { queue: 'ingest', ts: TS, event: { message: '"ts":1,"queue":"default","failed_at":5' } }, { queuedAt: TS, queue: 'ingest' }],
  ])('%s', (_, task, expected) => expect(read(taskOf(task))).toEqual(expected));

  it.each(['', '{}', '{"ts":"soon"}', '{"ts":', '{"queue":"a b"}', 'zstd:', 'zstd:{"ts":1}', 'zstd:\u0028\u00b5'])('that is none, %j, says nothing', (text) => expect(read(text)).toEqual({}));
});
