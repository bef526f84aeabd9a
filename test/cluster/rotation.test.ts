// Rotations of the stack's credentials, undisturbed and with every disturbance.
import { describeOnPods } from './pods/on-pods.js';
import { describeRotation } from './pods/rotation.js';

describeOnPods('credentials on real pods', 'rotation', {
  onInstalled: describeRotation,
});
