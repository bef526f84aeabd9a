// Soak: from GlitchTip 5.2 to 6.2 on pods, and back, with gateway, servers and Jobs killed on the way. Where no registry has their images, both are doubles (test/glitchtip-double).
import { otherGlitchTips } from '../../embedded/images/index.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { describeKilledUpgrades } from '../cluster/pods/upgrade-killed.js';

describeOnPods('soak: killed upgrades', 'soak-upgrade-killed', { images: otherGlitchTips, onInstalled: describeKilledUpgrades });
