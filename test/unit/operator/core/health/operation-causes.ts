// What is seen of restores and moves, and the causes that it is: rows of the table of diagnose.test.ts.
import { MOVE_CAUSES } from './move-causes.js';
import { RESTORE_CAUSES } from './restore-causes.js';

export const OPERATION_CAUSES = [...RESTORE_CAUSES, ...MOVE_CAUSES];
