// One rotation after the other on real servers, each with a fault at one of its writes; at no instant may anybody be locked out.
import { expect } from '@jest/globals';
import pg from 'pg';
import type { GlitchTipStatus } from '../../operator/api/glitchtip-resource.js';
import { DEFAULT_SECRET_NAMES } from '../../operator/api/object-names.js';
import type { RotationResult } from '../../operator/api/rotation-fields.js';
import type { Fault, TestPorts } from '../api/operator-ports.js';
import { RESOURCES, Stage } from '../api/operator-stage.js';
import { BACKUP_LOGIN, GATEWAY_LOGIN, readCredentials, stillAlive, type Credentials } from './credentials.js';
import { chooseCuts, faultOf, isUnfinished, outcomeOf, type Cut, type Looks } from './cuts.js';
import { Replay } from './replay.js';

/** Only counts. */
const NEVER: Fault = { at: Number.POSITIVE_INFINITY, how: 'before', decisiveOnly: true };
/** More than any phase may take. Milliseconds. */
const PAST_EVERY_DEADLINE = 15 * 60_000;
/** More than the longest pause before another attempt. Milliseconds. */
const PAST_EVERY_PAUSE = 7 * 3_600_000;

const READ_KEYS = 'SELECT public_key FROM projects_projectkey';
/** Parts whose new pods a rotation waits for before anything is revoked. */
const ROLLED_FIRST = ['web', 'worker'] as const;

/** The soak leaves nothing out. */
const MODE = process.env.GLITCHKEEPER_SOAK === '1' ? 'soak' : 'default';

export class CrashReplay {
  readonly #done = { rotations: 0, cuts: 0, merged: 0 };

  private constructor(private readonly stage: Stage, private readonly replay: Replay) {}

  /** A GlitchTip that is Ready, with its pods and its administrator. */
  static async open(): Promise<CrashReplay> {
    const stage = await Stage.open();
    const replay = new Replay(stage);
    await stage.server.admin.apply(`${RESOURCES}/glitchtip`, await stage.settings(), 'test');
    await bootstrapUntil('Secrets', async () => Object.keys(await stage.secrets()).length >= 6);
    await stage.startPostgres();
    await stage.startValkey();
    await bootstrapUntil('Ready', async () => (await stage.condition('DatabaseHealthy')).startsWith('True'));
    await replay.pods.create();
    await replay.makeAdministrator();
    // The gateway may read the tables that were made just now.
    await replay.rest();
    return new CrashReplay(stage, replay);

    async function bootstrapUntil(what: string, reached: () => Promise<boolean>): Promise<void> {
      for (let turn = 0; turn < 20; turn += 1) {
        await replay.reconcile(replay.ports());
        if (await reached()) return;
      }
      throw new Error(`${what}: not reached; last error: ${String(replay.lastError)}`);
    }
  }

  async close(): Promise<void> {
    const { rotations, cuts, merged } = this.#done;
    process.stderr.write(`      ${cuts} cuts were made in ${rotations} rotations; ${merged} more make the same world as one of them\n`);
    await this.stage.close();
  }

  /** Without a fault, and with Valkey started again after it. @returns its writes */
  async rotate(request: string): Promise<Looks> {
    const before = await readCredentials(this.stage);
    await this.replay.request(request);
    const looks = await this.replay.run(this.replay.ports(NEVER), endedAfter(await this.#newest(), 'Completed'));
    await this.stage.valkey.restart();
    await this.#expectRevoked(before, `${request} without a fault`);
    return looks;
  }

  /** With faults at each of its writes. */
  async cutEverywhere(request: string): Promise<void> {
    const before = await readCredentials(this.stage);
    const looks = await this.rotate(request);
    expect(looks.length).toBeGreaterThan(15);
    expect(unchanged(before, await readCredentials(this.stage))).toEqual([]);
    await this.#makeCuts(looks, (cuts) => this.#cutAndGoOn(request, looks, cuts));
  }

  /** The same of a rotation that has to be undone. */
  async undoEverywhere(): Promise<void> {
    await this.#allowAttempts(1);
    const looks = await this.#undo();
    expect(looks.length).toBeGreaterThan(10);
    await this.#makeCuts(looks, (cuts) => this.#undoWith(looks, cuts));
    await this.#allowAttempts(5);
    await this.rotate('all');
  }

  /**
   * A rotation for a compromise behind a rollout that never ends: what leaked is revoked all the same. An operator ends at the first
   * write of each look, and in the soak in each way at each: its writes are those of any compromise.
   */
  async broken(): Promise<void> {
    const looks = await this.#retire('no fault', (last) => this.#runUntilRetired(this.replay.ports(NEVER), last));
    expect(looks.length).toBeGreaterThan(15);
    const lost = looks.flatMap(([label = ''], look): Cut[] => [{ how: 'lost', label, look, at: 0 }]);
    const cutWith = async (cuts: readonly Cut[]) => {
      const late = await this.#retire(describeCut(cuts.at(-1)), (last) => this.#goThrough(looks, cuts, (ports) => this.#runUntilRetired(ports, last)));
      for (const [cut, ports] of late) {
        await this.#letGo(cut, ports);
        await this.replay.rest();
      }
    };
    await (MODE === 'soak' ? this.#makeCuts(looks, cutWith) : cutWith(lost));
  }

  async undoAndTryAgain(): Promise<void> {
    const [before, last] = [await readCredentials(this.stage), await this.#newest()];
    this.replay.pods.stuck = ROLLED_FIRST;
    await this.replay.request('all');
    await this.replay.run(this.replay.ports(), isStuck);
    this.replay.clock.advance(PAST_EVERY_DEADLINE);
    await this.replay.run(this.replay.ports(), ({ rotation }) => rotation?.current?.phase === 'Waiting' && rotation.current.attempt === 2);
    expect(await readCredentials(this.stage)).toEqual(before);
    this.replay.pods.stuck = [];
    this.replay.clock.advance(PAST_EVERY_PAUSE);
    await this.replay.run(this.replay.ports(), endedAfter(last, 'Completed'));
    await this.#expectRevoked(before, 'tried again');
  }

  /** Its new pods do not become available, after the point of no return: it waits for them, with what both kinds of pods use. */
  async gatewayStuck(): Promise<void> {
    const [before, last] = [await readCredentials(this.stage), await this.#newest()];
    this.replay.pods.stuck = ['gateway'];
    await this.replay.request('gateway');
    await this.replay.run(this.replay.ports(), isGatewayStuck);
    this.replay.clock.advance(PAST_EVERY_DEADLINE);
    await this.replay.run(this.replay.ports(), isGatewayStuck);
    expect(await this.replay.lockedOut()).toEqual([]);
    this.replay.pods.stuck = [];
    await this.replay.run(this.replay.ports(), endedAfter(last, 'Completed'));
    await this.#expectRevoked(before, 'the gateway was stuck');
  }

  /** Somebody is connected with what leaked: a new password alone would leave them the tables. */
  async strangers(): Promise<void> {
    const { gatewayPostgres, backup } = await readCredentials(this.stage);
    const strangers = [[GATEWAY_LOGIN, gatewayPostgres], [BACKUP_LOGIN, backup]].map(([user, password]) => new pg.Client({ host: '127.0.0.1', port: this.stage.postgres.port, database: 'glitchtip', user, password }));
    for (const stranger of strangers) {
      stranger.on('error', () => undefined);
      await stranger.connect();
      await stranger.query(READ_KEYS);
    }
    await this.rotate('compromised');
    for (const stranger of strangers) {
      await expect(stranger.query(READ_KEYS)).rejects.toThrow();
      await stranger.end();
    }
  }

  async #makeCuts(looks: Looks, rotate: (cuts: readonly Cut[]) => Promise<void>): Promise<void> {
    const { rotations, merged } = chooseCuts(looks, MODE);
    for (const cuts of rotations) {
      await rotate(cuts);
      this.#done.rotations += 1;
      this.#done.cuts += cuts.length;
    }
    this.#done.merged += merged.length;
  }

  async #cutAndGoOn(request: string, looks: Looks, cuts: readonly Cut[]): Promise<void> {
    const [before, last] = [await readCredentials(this.stage), await this.#newest()];
    await this.replay.request(request);
    const late = await this.#goThrough(looks, cuts, (ports) => this.replay.run(ports, endedAfter(last, 'Completed')));
    await this.#expectRevoked(before, `${request}, ${describeCut(cuts.at(-1))}`);
    for (const [cut, ports] of late) {
      await this.#letGo(cut, ports);
      await this.#expectRevoked(before, `${request}, ${describeCut(cut)}, let go`);
    }
  }

  /** At each cut an operator ends and the next goes on, to the end. @returns those that hold a write back */
  async #goThrough(looks: Looks, cuts: readonly Cut[], goOn: (ports: TestPorts) => Promise<unknown>): Promise<readonly (readonly [Cut, TestPorts])[]> {
    const late: (readonly [Cut, TestPorts])[] = [];
    let from = 0;
    for (const cut of cuts) {
      const ports = this.replay.ports(faultOf(cut, looks, from));
      await goOn(ports);
      const where = describeCut(cut);
      expect({ where, hit: ports.hit(), lockedOut: await this.replay.lockedOut() }).toEqual({ where, hit: true, lockedOut: [] });
      if (cut.how === 'late') late.push([cut, ports]);
      if (isUnfinished(cut, looks)) await this.replay.turn(this.replay.ports());
      from = cut.look + 1;
    }
    await goOn(this.replay.ports());
    expect(await this.replay.lockedOut()).toEqual([]);
    return late;
  }

  async #retire<T>(where: string, rotate: (last: string | undefined) => Promise<T>): Promise<T> {
    const before = await readCredentials(this.stage);
    this.replay.pods.broken = ROLLED_FIRST;
    await this.replay.request('compromised');
    const result = await rotate(await this.#newest());
    this.replay.pods.broken = [];
    await this.#expectRevoked(before, `behind a rollout that never ends, ${where}`);
    return result;
  }

  /** The clock goes on whenever nothing but time helps. */
  async #runUntilRetired(ports: TestPorts, last: string | undefined): Promise<Looks> {
    const hasEnded = endedAfter(last, 'Completed');
    const looks = [...(await this.replay.run(ports, (status) => waitsForPods(status) || hasEnded(status)))];
    while (!ports.crashed() && !hasEnded((await this.stage.resource()).status ?? {})) {
      this.replay.clock.advance(PAST_EVERY_DEADLINE);
      looks.push(...(await this.replay.run(ports, (status) => waitsForPods(status) || hasEnded(status))));
    }
    return looks;
  }

  /** A late write of an operator, when another has long gone on. */
  async #letGo(cut: Cut, ports: TestPorts): Promise<void> {
    const where = describeCut(cut);
    const outcome = await ports.release();
    expect({ where, outcome, lockedOut: await this.replay.lockedOut() }).toEqual({ where, outcome: outcomeOf(cut.label) ?? outcome, lockedOut: [] });
  }

  /** Pods of the new template never become available: it is undone and, with one attempt, left to a person. */
  async #undoWith(looks: Looks, cuts: readonly Cut[]): Promise<void> {
    const [before, last] = [await readCredentials(this.stage), await this.#newest()];
    this.replay.pods.stuck = ROLLED_FIRST;
    await this.replay.request('all');
    const late = await this.#goThrough(looks, cuts, (ports) => this.#runUntilUndone(ports, last));
    // A late step may have rolled a Deployment again: its pods start, and read what is published now.
    this.replay.pods.stuck = [];
    await this.#expectKept(before, describeCut(cuts.at(-1)));
    for (const [cut, ports] of late) {
      await this.#letGo(cut, ports);
      await this.#expectKept(before, `${describeCut(cut)}, let go`);
    }
  }

  /** Without a fault. @returns its writes */
  async #undo(): Promise<Looks> {
    const [before, last] = [await readCredentials(this.stage), await this.#newest()];
    this.replay.pods.stuck = ROLLED_FIRST;
    await this.replay.request('all');
    const looks = await this.#runUntilUndone(this.replay.ports(NEVER), last);
    this.replay.pods.stuck = [];
    await this.#expectKept(before, 'undo without a fault');
    return looks;
  }

  async #runUntilUndone(ports: TestPorts, last: string | undefined): Promise<Looks> {
    const looks = await this.replay.run(ports, (status) => isStuck(status) || endedAfter(last, 'Undone')(status));
    if (ports.crashed()) return looks;
    this.replay.clock.advance(PAST_EVERY_DEADLINE);
    return [...looks, ...(await this.replay.run(ports, endedAfter(last, 'Undone')))];
  }

  async #allowAttempts(maxAttempts: number): Promise<void> {
    await this.stage.server.admin.merge(`${RESOURCES}/glitchtip`, { spec: { rotation: { maxAttempts } } }, 'test');
  }

  async #newest(): Promise<string | undefined> {
    return (await this.stage.resource()).status?.rotation?.history?.[0]?.id;
  }

  /** Whatever was replaced is refused, whatever is published works, and no other copy of a value is left. */
  async #expectRevoked(old: Credentials, where: string): Promise<void> {
    await this.replay.rest();
    const journal = Object.keys((await this.stage.secrets())[DEFAULT_SECRET_NAMES.rotation]?.values ?? {});
    const alive = await stillAlive(this.replay, old, await readCredentials(this.stage));
    expect({ where, alive, journal, lockedOut: await this.replay.lockedOut(), outdated: await this.replay.pods.outdated(), ready: await this.stage.condition('Ready') })
      .toEqual({ where, alive: [], journal: ['record'], lockedOut: [], outdated: [], ready: 'True AllWell: Everything is as it should be.' });
  }

  /** The old values are published, and work. */
  async #expectKept(old: Credentials, where: string): Promise<void> {
    await this.replay.rest();
    expect({ where, lockedOut: await this.replay.lockedOut(), values: await readCredentials(this.stage) }).toEqual({ where, lockedOut: [], values: old });
  }
}

function describeCut(cut: Cut | undefined): string {
  return cut ? `${cut.how} at write ${cut.at} of look ${cut.look} (${cut.label})` : 'no fault';
}

function isStuck({ rotation }: GlitchTipStatus): boolean {
  return rotation?.current?.phase === 'Rolling' && rotation.current.message.includes('old pods');
}

function waitsForPods({ conditions, rotation }: GlitchTipStatus): boolean {
  return conditions?.some(({ reason }) => reason === 'RolloutUnderway') === true || (rotation?.current?.phase === 'Rolling' && rotation.current.message.startsWith('Deployment web:'));
}

function isGatewayStuck({ rotation }: GlitchTipStatus): boolean {
  return rotation?.current?.phase === 'Retiring' && rotation.current.message.startsWith('Deployment gateway:');
}

/** Names of values that are the same. */
function unchanged(before: Credentials, after: Credentials): readonly string[] {
  return (Object.keys(before) as (keyof Credentials)[]).filter((name) => before[name] === after[name]);
}

function endedAfter(id: string | undefined, result: RotationResult): (status: GlitchTipStatus) => boolean {
  return ({ rotation }) => rotation?.current === undefined && rotation?.history?.[0]?.id !== id && rotation?.history?.[0]?.result === result;
}
