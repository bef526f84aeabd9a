// The pending replacements of a rotation that was given up, and which later rotations replace them.
import { describe, expect, it } from '@jest/globals';

import type { CredentialName, RotationRecord, RotationResult, Trigger } from '../../../../../operator/api/rotation-fields.js';
import { pendingReplacements } from '../../../../../operator/core/rotation/pending-replacements.js';
import { conditionOf } from '../../operator-scenarios.js';
import { jobAtWork, RotationWorld } from './rotation-scenarios.js';

const ALL: readonly CredentialName[] = ['secret-key', 'postgres', 'valkey', 'administrator', 'operator'];

/** A world in which a rotation that was asked for was given up: on 2026-01-02, so that its day after is 2026-01-03 at 03:00. */
function gaveUp(request: string, fields: object = {}): RotationWorld {
  const world = new RotationWorld({ rotation: { maxAttempts: 1, ...fields } });
  giveUp(world, request);
  return world;
}

function giveUp(world: RotationWorld, request: string): void {
  world.faults = { eventsLost: true };
  complete(world, request);
  world.faults = {};
}

/** To its end, which is a good one when nothing goes wrong. */
function complete(world: RotationWorld, request: string): void {
  const before = world.journal?.history[0]?.id;
  world.request = request;
  world.until(() => {
    if (world.faults.eventsLost && world.phase === 'Proving') world.after(5);
    return world.journal?.history[0]?.id !== before && world.rotation === undefined;
  });
}

const pending = (world: RotationWorld) => world.journal?.owed?.map(({ trigger, credentials }) => `${trigger}: ${credentials.join()}`);
const current = (world: RotationWorld) => conditionOf(world.plan(), 'CredentialsCurrent');
const messageOf = (world: RotationWorld) => world.plan().status.conditions?.find(({ type }) => type === 'CredentialsCurrent')?.message;

/** What the plan records next; undefined when nothing begins. */
function recorded(world: RotationWorld): string | undefined {
  const [action] = world.plan().actions;
  return action?.kind === 'write journal' && action.journal.rotation ? `${action.journal.rotation.trigger}: ${action.journal.rotation.credentials.join()}` : undefined;
}

const dayAfter = (world: RotationWorld) => { world.now = new Date('2026-01-03T03:00:00Z'); };

describe('what a compromise left behind when replacing it was given up', () => {
  it.each(['administrator', 'all'])('is not forgotten because a rotation of %s completes: reported, and tried again on the next day as strictly', (request) => {
    const world = gaveUp('compromised');
    complete(world, request);
    expect([world.journal?.history[0]?.result, pending(world), current(world)]).toEqual(['Completed', [`compromised: ${ALL.join()}`], 'False RotationFailed']);
    expect(world.plan().status.rotation?.nextAt).toBe('2026-01-03T03:00:00Z');
    expect(messageOf(world)).toMatch(/was given up: .* Not replaced since: secret-key, postgres, .*rotate=compromised has completed\.$/);
    dayAfter(world);
    expect(recorded(world)).toBe(`compromised: ${ALL.join()}`);
    world.until(() => world.journal?.history[0]?.trigger === 'compromised' && world.rotation === undefined);
    expect([pending(world), current(world), world.sessionsEnded]).toEqual([[], 'True AllPresent', 3]);
  });

  it('is not replaced by a request that is given up later', () => {
    const world = gaveUp('compromised');
    giveUp(world, 'postgres');
    expect(pending(world)).toEqual([`compromised: ${ALL.join()}`, 'request: postgres']);
    dayAfter(world);
    expect(recorded(world)).toBe(`compromised: ${ALL.join()}`);
  });

  it('outlives the history', () => {
    const world = gaveUp('compromised');
    for (let count = 0; count < 11; count += 1) complete(world, 'administrator');
    expect(world.journal?.history.filter(({ trigger }) => trigger === 'compromised')).toEqual([]);
    expect([pending(world), current(world)]).toEqual([[`compromised: ${ALL.join()}`], 'False RotationFailed']);
  });

  it('is reported while it is tried again, until that has completed', () => {
    const world = gaveUp('compromised');
    dayAfter(world);
    world.until(() => world.phase === 'Retiring', () => expect(current(world)).toBe('False RotationFailed'));
  });

  it('is reported when the schedule is off, and a person has it replaced', () => {
    const world = gaveUp('compromised', { enabled: false });
    world.after(500_000);
    expect([recorded(world), current(world)]).toEqual([undefined, 'False RotationFailed']);
    complete(world, 'compromised');
    expect(current(world)).toBe('True AllPresent');
  });

  it('waits behind no other rotation that has not started, and takes that one along', () => {
    const world = gaveUp('compromised');
    world.request = 'postgres';
    world.until(() => world.rotation?.requestPending === false);
    world.faults = { rollout: { jobs: [jobAtWork('backup')] } };
    expect([recorded(world), world.rotation?.trigger]).toEqual([undefined, 'request']);
    dayAfter(world);
    world.turn();
    expect([world.rotation?.trigger, world.rotation?.credentials]).toEqual(['compromised', ALL]);
  });

  it('comes before a request, once it is due', () => {
    const world = gaveUp('compromised');
    dayAfter(world);
    world.request = 'postgres';
    expect(recorded(world)).toBe(`compromised: ${ALL.join()}`);
    complete(world, 'postgres');
    expect([world.request, pending(world)]).toEqual(['postgres', []]);
  });
});

describe('any other rotation that was given up', () => {
  it('is paid by what replaces its credentials, one after the other', () => {
    const world = gaveUp('postgres,administrator');
    complete(world, 'administrator,valkey');
    expect([pending(world), current(world)]).toEqual([['request: postgres'], 'False RotationFailed']);
    expect(messageOf(world)).toMatch(/Not replaced since: postgres\.$/);
    complete(world, 'postgres');
    expect([pending(world), current(world)]).toEqual([[], 'True AllPresent']);
  });

  it('is paid by one for a compromise', () => {
    const world = gaveUp('postgres');
    complete(world, 'compromised');
    expect(pending(world)).toEqual([]);
  });

  it('is tried again with what the schedule replaces, also where the schedule does not name it', () => {
    const world = gaveUp('postgres', { credentials: ['administrator'] });
    dayAfter(world);
    expect(recorded(world)).toBe('schedule: administrator,postgres');
  });

  it('is one entry with what was pending before', () => {
    const world = gaveUp('postgres');
    giveUp(world, 'valkey');
    expect(pending(world)).toEqual(['request: postgres,valkey']);
  });

  it('leaves nothing pending while it is tried again by itself', () => {
    const world = new RotationWorld({ rotation: { maxAttempts: 2 } });
    world.request = 'postgres';
    world.faults = { eventsLost: true };
    world.until(() => world.phase === 'Proving');
    world.after(5).until(() => world.rotation?.attempt === 2);
    expect([pending(world), current(world)]).toEqual([[], 'True AllPresent']);
  });

  it('of a Valkey that is gone leaves nothing that could be replaced', () => {
    const world = new RotationWorld({ valkey: undefined });
    world.journal = { history: [], owed: [record('a', 'Undone', 'request', ['valkey'])] };
    expect([recorded(world), current(world)]).toEqual([undefined, 'True AllPresent']);
  });
});

const record = (id: string, result: RotationResult, trigger: Trigger, credentials: readonly CredentialName[]): RotationRecord =>
  ({ id, result, trigger, credentials: [...credentials], startedAt: '2026-01-02T03:00:00Z', finishedAt: '2026-01-02T03:00:00Z', message: 'It did not end in time.' });

describe('a journal of before debts were kept', () => {
  it.each<[string, readonly RotationRecord[], readonly string[]]>([
    ['nothing', [], []],
    ['what was given up last', [record('b', 'Undone', 'request', ['postgres']), record('a', 'Completed', 'schedule', ALL)], ['request: postgres']],
    ['nothing when a later attempt completed', [record('a-2', 'Completed', 'schedule', ALL), record('a', 'Undone', 'schedule', ALL)], []],
    ['a compromise that was given up before a smaller one completed', [record('b', 'Completed', 'request', ['administrator']), record('a', 'Undone', 'compromised', ALL)], [`compromised: ${ALL.join()}`]],
  ])('leaves pending %s', (_, history, wanted) => {
    expect(pendingReplacements({ history }).map(({ trigger, credentials }) => `${trigger}: ${credentials.join()}`)).toEqual(wanted);
  });

  it('leaves nothing pending for an attempt of the rotation that is under way', () => {
    const world = new RotationWorld();
    world.request = 'all';
    world.turn();
    const id = world.rotation?.id ?? '';
    const pendingFor = (name: string) => pendingReplacements({ rotation: world.rotation, history: [record(name, 'Undone', 'request', ALL)] }).length;
    expect([pendingFor(id), pendingFor(`${id}-2`), pendingFor('another')]).toEqual([0, 0, 1]);
  });
});
