// Soak: backups while events come in, to a volume and to a bucket, and whatever goes wrong with the bucket, the Job, Postgres and the operator.
import { besideRotations, folderFull, killedInEachContainer, lockedTable, misbehavingBucket, operatorKilled, postgresKilled, twoOperators, volumeFull } from '../cluster/pods/backup-disturbed.js';
import { retention, retentionAhead, toBucket, toVolume } from '../cluster/pods/backup-copies.js';
import { describeBackups } from '../cluster/pods/backup-scenes.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';

describeOnPods('soak: backups', 'soak-backup', {
  onInstalled: (installed) => describeBackups(installed, [
    toVolume, volumeFull, toBucket, misbehavingBucket, killedInEachContainer, lockedTable, folderFull, postgresKilled, operatorKilled, twoOperators, besideRotations, retention, retentionAhead,
  ]),
});
