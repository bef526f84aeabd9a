// Soak: migrations rehearsed on pods while events come in.
import { describeBackups } from '../cluster/pods/backup-scenes.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { rehearsed } from '../cluster/pods/rehearsal.js';

describeOnPods('soak: rehearsals', 'soak-rehearse', { onInstalled: (installed) => describeBackups(installed, [rehearsed]) });
