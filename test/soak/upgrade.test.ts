// Soak: from GlitchTip 5.2 to 6.2 on pods, and back, while events come in. Where no registry has their images, both are doubles (test/glitchtip-double).
import { otherGlitchTips } from '../../embedded/images/index.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { describeUpgrades } from '../cluster/pods/upgrade.js';

describeOnPods('soak: upgrades', 'soak-upgrade', { images: otherGlitchTips, onInstalled: describeUpgrades });
