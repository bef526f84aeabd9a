// What is seen of upgrades, and the causes that it is: rows of the table of diagnose.test.ts.
import type { UpgradeProgress } from '../../../../../operator/api/upgrade-fields.js';
import type { Facts } from '../../../../../operator/core/health/health-facts.js';
import { ago, gatewayOf } from './health-scenarios.js';
import { AWAY } from './restore-causes.js';

const MINUTE = 60;
const ID = '20260101T000000Z';
const of = (phase: UpgradeProgress['phase'], seconds: number, change: Partial<UpgradeProgress> = {}): Partial<Facts> => ({
  upgrade: { current: { id: ID, from: '5.2', to: '6.2', phase, since: ago(seconds).toISOString(), attempt: 1, ...change } },
});
const failed = (seconds: number): Partial<Facts> => ({ upgrade: { last: { id: ID, from: '5.2', to: '6.2', at: ago(seconds).toISOString(), result: 'Failed', why: 'Saving: store: StoreRefused' } } });
/** What is seen, in words; the causes. */
export const UPGRADE_CAUSES: readonly [string, Partial<Facts>, string[]][] = [
  ['web and worker are away for an upgrade that gets on', { ...AWAY, ...of('Migrating', 10 * MINUTE) }, []],
  ['they are, and nobody applies the manifests', { ...AWAY, ...of('Ready', 31 * MINUTE) }, ['UpgradeStuck/upgrade critical']],
  ['they are, and it cannot migrate', { ...AWAY, ...of('Migrating', MINUTE, { why: 'Job migrate-1 failed' }) }, ['UpgradeStuck/upgrade critical']],
  ['an upgrade waits for its turn for an hour', of('Waiting', 60 * MINUTE), ['UpgradeUnfinished/upgrade warning']],
  ['an upgrade waits for a person', of('Unconfirmed', 60 * MINUTE), []],
  ['an upgrade waits for a person, and what was kept for the way back had to go', { ...of('Unconfirmed', 60 * MINUTE), gateway: gatewayOf({ keptDropped: 7 }) }, ['UpgradeUnfinished/upgrade warning']],
  ['an upgrade is prepared while something kept had to go', { ...of('Waiting', MINUTE), gateway: gatewayOf({ keptDropped: 7 }) }, []],
  ['an upgrade waits for a person for more than a day', of('Unconfirmed', 25 * 60 * MINUTE), ['UpgradeUnfinished/upgrade warning']],
  ['an upgrade is in a phase of a later version', of('Weighing' as UpgradeProgress['phase'], 60 * MINUTE), []],
  ['an upgrade failed', failed(60), ['UpgradeFailed/upgrade warning']],
  ['an upgrade failed the day before yesterday', failed(48 * 60 * MINUTE), []],
];
