// Soak: restores whose Job is killed in each of its containers, of a copy that is large enough to be caught.
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { describeKilledRestores } from '../cluster/pods/restore-killed.js';

describeOnPods('soak: restores that are killed', 'soak-restore-killed', { onInstalled: describeKilledRestores });
