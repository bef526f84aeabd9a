// Soak: rotations of the stack's credentials, undisturbed and with every disturbance.
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { apiServerAway, killedInEachPhase, postgresKilled, secretKeyAlone, valkeyKilled } from '../cluster/pods/rotation-disturbed.js';
import { applied, compromised, describeRotations, leaderFrozen, twoOperators, undisturbed, undone } from '../cluster/pods/rotation.js';

/** Seconds, idle and under this load; `npm run bench -- rotation` measures the same. */
const GOAL = 90;

describeOnPods('soak: credentials', 'soak-rotation', {
  onInstalled: (installed) => describeRotations(installed, [
    undisturbed(GOAL), secretKeyAlone, compromised, killedInEachPhase, undone, applied, twoOperators(['Rolling']), leaderFrozen, apiServerAway, valkeyKilled, postgresKilled,
  ]),
});
