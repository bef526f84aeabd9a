import { describe, expect, it } from '@jest/globals';
import { planRequest, type RequestPlan, type RotateArguments } from '../../../../cli/rotation/request-rotation.js';
import { condition, current, ended, ready, resource, type Scenario } from '../cli-scenarios.js';

const all: RotateArguments = { compromised: false };
const leak: RotateArguments = { compromised: true };
const rejected = [ready, condition('RotationInProgress', 'False', 'RequestRejected', 'found "valky"')];

describe('asks', () => {
  it.each<[string, RotateArguments, Scenario, object]>([
    ['for everything', all, {}, { request: { value: 'all', trigger: 'request', known: [] }, overwrite: false, note: undefined }],
    ['for some', { compromised: false, only: 'postgres, valkey' }, {}, { request: { value: 'postgres,valkey', trigger: 'request' } }],
    ['for everything at once after a leak', leak, {}, { request: { value: 'compromised', trigger: 'compromised' } }],
    ['behind a rotation that is under way, and says so', all, { current: current('Rolling') }, { overwrite: false, note: expect.stringContaining('begins when it has ended') }],
    ['in the place of a request that was rejected', all, { annotation: 'valky', conditions: rejected }, { overwrite: true, note: expect.stringContaining('"valky"') }],
    ['in the place of a lesser request after a leak', leak, { annotation: 'postgres' }, { overwrite: true, note: expect.stringContaining('"postgres"') }],
  ])('%s', (_, args, scenario, plan) => expect(planRequest(resource(scenario), args)).toMatchObject({ kind: 'ask', ...plan }));

  it('not again for what is asked for already', () => {
    expect(planRequest(resource({ annotation: 'all' }), all)).toMatchObject({ kind: 'asked', request: { value: 'all' }, note: expect.stringContaining('not recorded it yet') });
  });

  it('knowing which rotations are not its own, attempts included', () => {
    const plan = planRequest(resource({ current: current('Waiting'), history: [ended('20260101T000000Z-bbbbbb-3', 'Undone')] }), all);
    expect(plan).toMatchObject({ request: { known: ['20260601T115000Z-aaaaaa', '20260101T000000Z-bbbbbb'] } });
  });
});

describe('refuses', () => {
  const refusal = (plan: RequestPlan) => (plan.kind === 'refused' ? [plan.usage, plan.message] : [plan.kind]);
  it.each<[string, RotateArguments, Scenario, [usage: boolean, message: string]]>([
    ['a name that is none', { compromised: false, only: 'postgres,mysql' }, {}, [true, 'expected some of secret-key, postgres, valkey, administrator, operator, separated by commas; found "postgres,mysql"']],
    ['no name at all', { compromised: false, only: ' ' }, {}, [true, 'found " "']],
    ['a word of the annotation as a name', { compromised: false, only: 'compromised' }, {}, [true, 'found "compromised"']],
    ['valkey where there is none', { compromised: false, only: 'valkey' }, { spec: { valkey: undefined } }, [true, 'expected some of secret-key, postgres, administrator, operator']],
    ['while another request is pending', all, { annotation: 'postgres' }, [false, 'another request ("postgres") is pending']],
    ['while the operator may change nothing', all, { spec: { suspend: true } }, [false, 'spec.suspend is true']],
    ['while the resource is not valid', all, { spec: { rotation: { at: 'noon' } } }, [false, 'spec.rotation.at']],
  ])('%s', (_, args, scenario, [usage, message]) => expect(refusal(planRequest(resource(scenario), args))).toEqual([usage, expect.stringContaining(message)]));
});
