// Soak: a changed version, applied by mistake.
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { describeReleaseGuard } from '../cluster/pods/release-guard.js';

describeOnPods('soak: releases', 'soak-releases', { onInstalled: describeReleaseGuard });
