// Soak: the kinds of damage of backup/README.md, on pods.
import { bucketDamaged, dumpIncomplete, fileDamaged, rowsHidden, sourceWrong } from '../cluster/pods/backup-damaged.js';
import { toBucket } from '../cluster/pods/backup-copies.js';
import { describeBackups } from '../cluster/pods/backup-scenes.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';

describeOnPods('soak: damage to backups', 'soak-backup-damaged', {
  onInstalled: (installed) => describeBackups(installed, [toBucket, fileDamaged, sourceWrong, dumpIncomplete, rowsHidden, bucketDamaged]),
});
