import { expect, it } from '@jest/globals';
import type { BackupStatus } from '../../../../../operator/api/backup-fields.js';
import { describeBackups } from '../../../../../operator/core/backup/backup-line.js';

const NOW = new Date('2026-06-01T12:00:00Z');
const verified = { copy: '20260601T023000Z', at: '2026-06-01T02:34:10Z', bytes: 44_040_192, seconds: 236, how: 'counts', where: 's3' } as const;
const good = (name: string) => ({ name, bytes: 1, damaged: false });
const copies = [good('20260601T023000Z'), good('20260531T023000Z'), { ...good('20260530T023000Z'), damaged: true }];

it.each<[string, BackupStatus, string]>([
  ['no copy yet', {}, 'There is no copy that is known to restore.'],
  ['two good ones', { lastVerified: verified, copies }, '2 copies; the newest is 9.5 h old (42Mi), was restored.'],
  ['one, on this host', { lastVerified: { ...verified, where: 'volume' }, copies: copies.slice(0, 1) }, 'One copy; the newest is 9.5 h old (42Mi), was restored, and is on a volume of this host.'],
  ['one whose name somebody changed to what is no time', { lastVerified: { ...verified, copy: '20260631T023000Z' }, copies: copies.slice(0, 1) }, 'One copy; the newest is of an unknown age, for 20260631T023000Z is no time: the status was changed by hand (42Mi), was restored.'],
  ['the last run failed', { lastFailure: { copy: '20260601T113000Z', at: '2026-06-01T11:31:00Z', step: 'list', reason: 'StoreAway', detail: 'whatever it said' } }, 'There is no copy that is known to restore. The last run failed in step list (StoreAway).'],
])('%s', (_, status, text) => expect(describeBackups(status, NOW)).toBe(text));
