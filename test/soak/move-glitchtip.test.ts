// Soak: the move from another GlitchTip while events come in: both store every event, whoever leads.
import { describeMoveFromGlitchTip } from '../cluster/pods/move-glitchtip.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';

describeOnPods('soak: the move from another GlitchTip', 'soak-move-glitchtip', { onInstalled: describeMoveFromGlitchTip });
