import { describe, expect, it } from '@jest/globals';
import { backupRows, type BackupCost, type StepCost } from '../../bench/backup-rows.js';

const MEBIBYTE = 2 ** 20;
const cost = (seconds: number, memory = 20, kills = 0): StepCost => ({ seconds, use: { own: memory * MEBIBYTE, kills } });
const COST: BackupCost = {
  database: 480 * MEBIBYTE, copy: 180 * MEBIBYTE,
  steps: { 'plain pg_dump': cost(60, 500), 'dump and count': cost(60), 'restore and count': cost(100, 48), 'encrypt and store': cost(20, 41), 'fetch and decrypt': cost(9, 47), 'load and count': cost(90, 12) },
};
const goals = (change: Partial<BackupCost['steps']> = {}) => backupRows({ ...COST, steps: { ...COST.steps, ...change } }, 96 * MEBIBYTE).flatMap(({ what, measured, goal }) => (goal ? [`${what}: ${measured}: ${goal.met ? 'met' : 'not met'}`] : []));

describe('what a backup cost', () => {
  it('is all of its steps beside a plain dump, whose memory does not count', () => expect(goals()).toEqual(['whole / plain pg_dump: 180 s / 60 s: 3: met', 'memory of the Jobs: 48Mi: met', 'killed for memory: 0: met']));
  it.each<[string, Partial<BackupCost['steps']>, string]>([
    ['too long', { 'restore and count': cost(250) }, 'whole / plain pg_dump: 330 s / 60 s: 5.5: not met'],
    ['too much memory', { 'encrypt and store': cost(20, 97) }, 'memory of the Jobs: 97Mi: not met'],
    ['too much memory on the way back', { 'fetch and decrypt': cost(9, 98) }, 'memory of the Jobs: 98Mi: not met'],
    ['a kill', { 'restore and count': cost(100, 40, 1) }, 'killed for memory: 1: not met'],
  ])('is %s', (_, change, line) => expect(goals(change)).toContain(line));
});
