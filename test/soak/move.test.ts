// Soak: the move from an old Sentry while events come in: each phase, the way back timed, and whatever goes wrong meanwhile.
import { describeMove } from '../cluster/pods/move-scenes.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';

describeOnPods('soak: the move from an old Sentry', 'soak-move', { onInstalled: describeMove });
