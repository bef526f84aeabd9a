// What is seen of restores, upgrades and moves, and the causes that it is: rows of the table of diagnose.test.ts.
import { MOVE_CAUSES } from './move-causes.js';
import { RESTORE_CAUSES } from './restore-causes.js';
import { UPGRADE_CAUSES } from './upgrade-causes.js';

export const OPERATION_CAUSES = [...RESTORE_CAUSES, ...UPGRADE_CAUSES, ...MOVE_CAUSES];
