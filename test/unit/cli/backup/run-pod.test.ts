import { expect, it } from '@jest/globals';
import { stepOf } from '../../../../cli/backup/run-pod.js';

const status = (name: string, state: object) => ({ name, state });
const ended = (exitCode: number) => ({ terminated: { exitCode } });
const waiting = (reason: string) => ({ waiting: { reason } });
const pod = (dump: object, restore: object, store: object) => JSON.stringify({ items: [{ status: {
  phase: 'Running', initContainerStatuses: [status('dump', dump), status('restore', restore)], containerStatuses: [status('store', store)],
} }] });
const INIT = waiting('PodInitializing');

it.each<[string, string, object | undefined]>([
  ['no pod is no step', JSON.stringify({ items: [] }), undefined],
  ['a pod without containers has the first before it', JSON.stringify({ items: [{ status: { phase: 'Pending' } }] }), { step: 'dump' }],
  ['the first one', pod({ running: {} }, INIT, INIT), { step: 'dump', message: 'dumps the database, and counts its tables' }],
  ['the second one', pod(ended(0), { running: {} }, INIT), { step: 'restore' }],
  ['the third one', pod(ended(0), ended(0), { running: {} }), { step: 'store' }],
  ['the one that failed', pod(ended(0), ended(1), INIT), { step: 'restore' }],
  ['the last one, when all have ended', pod(ended(0), ended(0), ended(0)), { step: 'store' }],
  ['an image that is not there', pod(waiting('ImagePullBackOff'), INIT, INIT), { step: 'dump', message: 'waits: ImagePullBackOff' }],
])('%s', (_, json, step) => {
  if (step === undefined) expect(stepOf(json)).toBeUndefined();
  else expect(stepOf(json)).toMatchObject(step);
});
