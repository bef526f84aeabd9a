// The parts of the soak and what is recorded of them.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LONGEST_MINUTES, SOAK_PARTS, chooseParts } from '../../soak/parts.js';
import { addUp, describeMachine, readImages, readMeasurements, readRecords, recordName, writeRecord, type SoakRecord } from '../../soak/record.js';
import { reason } from '../../soak/run-part.js';
import { recordImage, recordMeasurement } from '../../support/measurements.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-soak-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the parts', () => {
  it('each fit three quarters of an hour', () => expect(SOAK_PARTS.filter(({ minutes }) => minutes > LONGEST_MINUTES)).toEqual([]));
  it('have every file of the soak, each in one of them', () => {
    const files = readdirSync('test/soak').filter((name) => name.endsWith('.test.ts')).map((name) => `test/soak/${name}`);
    const listed = SOAK_PARTS.flatMap((part) => part.files);
    expect(files.filter((file) => listed.filter((name) => name === file).length !== 1)).toEqual([]);
  });
  it('are all, or those named in the order of the table', () => {
    expect(chooseParts([])).toEqual(SOAK_PARTS);
    expect(chooseParts(['replay', 'stack']).map(({ name }) => name)).toEqual(['stack', 'replay']);
    expect(() => chooseParts(['nights'])).toThrow('found nights');
  });
});

describe('a record', () => {
  const record: SoakRecord = {
    part: 'stack', commit: '0123456789abcdef', dirty: ['a.ts'], machine: describeMachine(), started: '2026-01-02T03:04:05.678Z', seconds: 60, passed: 1, failed: 1,
    reason: 'it was ended by hand', tests: [{ name: 'heals', status: 'passed', seconds: 3 }], measurements: [{ what: 'told after', value: 41, unit: 's', goal: 60 }],
  };
  it('is read as it was written, in a file that says when, of what and which part', () => {
    const file = writeRecord(record, folder);
    expect(file).toBe(join(folder, '20260102T030405Z-01234567-stack.json'));
    expect(readRecords(folder)).toEqual([record]);
  });
  it('replaces none of another time', () => expect(recordName({ ...record, started: '2026-01-02T03:04:06Z' })).not.toBe(recordName(record)));
  it('does not name the machine', () => expect(JSON.stringify(describeMachine())).not.toContain(hostname()));
  it('that is none is an error that names the file', () => {
    writeFileSync(join(folder, 'x.json'), '{}');
    expect(() => readRecords(folder)).toThrow(/x\.json is no record of a soak/);
  });
});

describe('the parts together', () => {
  const parts = ['stack', 'rotation', 'replay'].map((name) => ({ name }));
  it('come to the sum of their records', () => expect(addUp(parts.map(({ name }) => ({ part: name, passed: 2, failed: 0 })), parts)).toEqual({ passed: 6, failed: 0 }));
  it('have failed where one has no record: it was ended before it began', () => expect(addUp([{ part: 'stack', passed: 2, failed: 1 }], parts)).toEqual({ passed: 2, failed: 3 }));
});

describe('measurements', () => {
  afterEach(() => {
    delete process.env['GLITCHKEEPER_MEASUREMENTS'];
  });
  it('are kept where somebody asks for them', () => {
    const file = join(folder, 'measurements');
    process.env['GLITCHKEEPER_MEASUREMENTS'] = file;
    recordMeasurement({ what: 'lag', value: 1.5, unit: 's', goal: 5 });
    recordMeasurement({ what: 'events', value: 60, unit: '/s' });
    expect(readMeasurements(file)).toEqual([{ what: 'lag', value: 1.5, unit: 's', goal: 5 }, { what: 'events', value: 60, unit: '/s' }]);
  });
  it('have beside them which images of GlitchTip were there, each once, and whether it was the double', () => {
    const file = join(folder, 'measurements');
    process.env['GLITCHKEEPER_MEASUREMENTS'] = file;
    const image = { image: 'docker.io/glitchtip/glitchtip:5.2', isDouble: true };
    for (const each of [image, image]) recordImage(each);
    recordMeasurement({ what: 'lag', value: 1, unit: 's' });
    expect([readImages(file), readMeasurements(file)]).toEqual([[image], [{ what: 'lag', value: 1, unit: 's' }]]);
  });
  it('are none where nobody did', () => {
    recordMeasurement({ what: 'lag', value: 1, unit: 's' });
    expect(readMeasurements(join(folder, 'measurements'))).toEqual([]);
  });
});

describe('a part has failed', () => {
  const well = { passed: 3, failed: 0, failedTests: [], skipped: [] };
  const ending = { late: false, stopped: false, moved: false };
  it.each([
    ['not at all when its tests passed', well, ending, undefined],
    ['by its tests, which say why', { ...well, failed: 1, failedTests: [{ name: 'a', file: 'b', error: 'c' }] }, ending, undefined],
    ['when it took too long', well, { ...ending, late: true, stopped: true }, 'it took longer than 45 minutes'],
    ['when it was ended', well, { ...ending, stopped: true }, 'it was ended by hand'],
    ['when it ran on two commits', well, { ...ending, moved: true }, 'another commit was checked out meanwhile'],
    ['when it left something out', { ...well, skipped: ['a'] }, ending, 'skipped: a'],
    ['when Jest did', { ...well, failed: 1 }, ending, 'Jest failed without a failed test'],
    ['when nothing ran', { ...well, passed: 0 }, ending, 'nothing ran'],
  ])('%s', (_sentence, result, how, expected) => expect(reason(result, how)).toBe(expected));
});
