// Soak: migrations rehearsed on pods while events come in. Where no registry has GlitchTip 6.2, it is a double, with migrations of its own.
import { otherGlitchTips } from '../../embedded/images/index.js';
import { describeBackups } from '../cluster/pods/backup-scenes.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { checkedMonthly, rehearsed } from '../cluster/pods/rehearsal.js';

describeOnPods('soak: rehearsals', 'soak-rehearse', { images: otherGlitchTips, onInstalled: (installed) => describeBackups(installed, [checkedMonthly, rehearsed]) });
