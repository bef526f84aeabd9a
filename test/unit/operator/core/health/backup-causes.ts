// What is seen of backups, and the causes that it is: rows of the table of diagnose.test.ts.
import { copyNameOf } from '../../../../../backup/core/copy-name.js';
import type { ContainerEnd, Facts, PodFacts } from '../../../../../operator/core/health/health-facts.js';
import { ago, clusterOf, containerOf, podOf, podsOf } from './health-scenarios.js';

const waiting = (reason: string) => ({ state: { kind: 'waiting', reason } as const });
const killed: ContainerEnd = { reason: 'OOMKilled', exitCode: 137, finishedAt: ago(20), noSpaceLeft: false };
const pods = (...list: readonly PodFacts[]) => ({ cluster: clusterOf({ pods: podsOf(...list) }) });
const verified = (copy: string) => ({ copy, at: ago(60).toISOString(), bytes: 1, seconds: 2, how: 'counts', where: 's3' }) as const;
const fresh = { since: ago(40 * 86_400).toISOString(), lastVerified: verified(copyNameOf(ago(3_600))) };
const stale = { ...fresh, lastVerified: verified(copyNameOf(ago(37 * 3_600))) };
const failed = { copy: copyNameOf(ago(600)), at: ago(300).toISOString(), step: 'dump', reason: 'LockWait', exitCode: 1 };
/** Of the Job of a backup. */
const ofJob = (change: Partial<PodFacts>) => podOf('backup', { name: 'backup-1-x', job: 'backup-1', ready: false, ...change });
/** What is seen, in words; the causes. */
export const BACKUP_CAUSES: readonly [string, Partial<Facts>, string[]][] = [
  ['none: there is a good copy', { backup: fresh }, []],
  ['none: backups are new, and the first is still to come', { backup: { since: ago(3_600).toISOString() } }, []],
  ['a backup failed', { backup: { ...fresh, lastFailure: failed, failures: 1 } }, ['BackupFailed/backup warning']],
  ['the newest good copy is of the day before yesterday', { backup: stale }, ['BackupTooOld/backup warning']],
  ['the newest good copy is a day old', { backup: { ...fresh, lastVerified: verified(copyNameOf(ago(35 * 3_600))) } }, []],
  ['the newest good copy is too old, for backups fail', { backup: { ...stale, lastFailure: failed } }, ['BackupTooOld/backup warning']],
  ['there never was a copy', { backup: { since: ago(37 * 3_600).toISOString() } }, ['BackupTooOld/backup warning']],
  ['a copy of the store is damaged', { backup: { ...fresh, copies: [{ name: '20260101T000000Z', bytes: 1, damaged: true }] } }, ['BackupCopyDamaged/backup warning']],
  ['the last backup took more than an hour', { backup: { ...fresh, lastVerified: { ...fresh.lastVerified, seconds: 3_601 } } }, ['BackupSlow/backup warning']],
  ['the last backup took an hour', { backup: { ...fresh, lastVerified: { ...fresh.lastVerified, seconds: 3_600 } } }, []],
  ['a backup failed, and the one before it took long', { backup: { ...fresh, lastVerified: { ...fresh.lastVerified, seconds: 5_400 }, lastFailure: failed } }, ['BackupFailed/backup warning']],
  ['a backup runs', { backup: { ...fresh, current: { copy: copyNameOf(ago(60)), trigger: 'schedule', startedAt: ago(60).toISOString() } }, ...pods(ofJob({ containers: [containerOf({ name: 'dump', init: true }), containerOf({ name: 'store', ...waiting('PodInitializing') })] })) }, []],
  ["a backup's container was killed for want of memory, which is the run's to tell", pods(ofJob({ alive: false, containers: [containerOf({ name: 'restore', init: true, state: { kind: 'ended', end: killed } })] })), []],
  ["a backup's image cannot be pulled, which is the run's to tell", pods(ofJob({ containers: [containerOf({ name: 'dump', init: true, ...waiting('ImagePullBackOff') })] })), []],
  ["a backup's pod finds no room, which is the run's to tell", pods(ofJob({ containers: [], unschedulable: { since: ago(90), message: '0/1 nodes are available: 1 Insufficient memory.' } })), []],
  ["a backup's pod outgrew its folder, which is the run's to tell", pods(ofJob({ alive: false, evicted: { at: ago(60), message: 'Usage of EmptyDir volume "work" exceeds the limit "4Gi". ' } })), []],
];
