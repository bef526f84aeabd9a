// Soak: restores while events come in: there, back, there again and confirmed; the operator and the Job killed in each phase.
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { describeRestores } from '../cluster/pods/restore-scenes.js';

describeOnPods('soak: restores', 'soak-restore', { onInstalled: describeRestores });
