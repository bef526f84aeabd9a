// One rotation after the other on real servers, each with a fault at one of its writes; at no instant may anybody be locked out.
import { expect } from '@jest/globals';
import type { GlitchTipStatus } from '../../operator/api/glitchtip-resource.js';
import { DEFAULT_SECRET_NAMES } from '../../operator/api/object-names.js';
import type { RotationResult } from '../../operator/api/rotation-fields.js';
import type { Fault } from '../api/operator-ports.js';
import { RESOURCES, Stage } from '../api/operator-stage.js';
import { readCredentials, stillAlive, type Credentials } from './credentials.js';
import { Replay } from './replay.js';

/** Only counts. */
const NEVER: Fault = { at: Number.POSITIVE_INFINITY, how: 'before', decisiveOnly: true };
/** More than any phase may take. Milliseconds. */
const PAST_EVERY_DEADLINE = 15 * 60_000;
/** More than the longest pause before another attempt. Milliseconds. */
const PAST_EVERY_PAUSE = 7 * 3_600_000;

export class CrashReplay {
  #interleavings = 0;

  private constructor(private readonly stage: Stage, private readonly replay: Replay) {}

  /** A GlitchTip that is Ready, with its pods and its administrator. */
  static async open(): Promise<CrashReplay> {
    const stage = await Stage.open();
    const replay = new Replay(stage);
    await stage.server.admin.apply(`${RESOURCES}/glitchtip`, await stage.settings(), 'test');
    await bootstrapUntil('Secrets', async () => Object.keys(await stage.secrets()).length >= 4);
    await stage.startPostgres();
    await stage.startValkey();
    await bootstrapUntil('Ready', async () => (await stage.condition('DatabaseHealthy')).startsWith('True'));
    await replay.pods.create();
    await replay.makeAdministrator();
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
    process.stderr.write(`      ${this.#interleavings} interleavings were run\n`);
    await this.stage.close();
  }

  /** Without a fault. @returns how many decisive writes it took */
  async rotate(request: string): Promise<number> {
    const before = await readCredentials(this.stage);
    const ports = this.replay.ports(NEVER);
    await this.replay.request(request);
    await this.replay.run(ports, endedAfter(await this.#newest(), 'Completed'));
    await this.#expectDead(before);
    return ports.writes();
  }

  /** With a fault at its first write, at its second, and so on. */
  async cutEverywhere(request: string, how: Fault['how']): Promise<void> {
    const writes = await this.rotate(request);
    expect(writes).toBeGreaterThan(15);
    for (let at = 0; at < writes; at += 1) await this.#cutAndGoOn(request, { at, how, decisiveOnly: true });
  }

  /** The same of a rotation that has to be undone. */
  async undoEverywhere(how: Fault['how']): Promise<void> {
    await this.#allowAttempts(1);
    const writes = await this.#undoWith(undefined);
    expect(writes).toBeGreaterThan(10);
    for (let at = 0; at < writes; at += 1) await this.#undoWith({ at, how, decisiveOnly: true });
    await this.#allowAttempts(5);
    await this.rotate('all');
  }

  async undoAndTryAgain(): Promise<void> {
    const [before, last] = [await readCredentials(this.stage), await this.#newest()];
    this.replay.pods.stuck = true;
    await this.replay.request('all');
    await this.replay.run(this.replay.ports(), isStuck);
    this.replay.clock.advance(PAST_EVERY_DEADLINE);
    await this.replay.run(this.replay.ports(), ({ rotation }) => rotation?.current?.phase === 'Waiting' && rotation.current.attempt === 2);
    expect(await readCredentials(this.stage)).toEqual(before);
    this.replay.pods.stuck = false;
    this.replay.clock.advance(PAST_EVERY_PAUSE);
    await this.replay.run(this.replay.ports(), endedAfter(last, 'Completed'));
    await this.#expectDead(before);
  }

  async #cutAndGoOn(request: string, fault: Fault): Promise<void> {
    const where = `${request}, ${fault.how} at write ${fault.at}`;
    const [before, last] = [await readCredentials(this.stage), await this.#newest()];
    const first = this.replay.ports(fault);
    await this.replay.request(request);
    await this.replay.run(first, endedAfter(last, 'Completed'));
    expect({ where, hit: first.hit(), lockedOut: await this.replay.lockedOut() }).toEqual({ where, hit: true, lockedOut: [] });
    await this.replay.run(this.replay.ports(), endedAfter(last, 'Completed'));
    // A late write of the first operator, when the second has long gone on.
    await first.release().catch(() => undefined);
    expect({ where, lockedOut: await this.replay.lockedOut() }).toEqual({ where, lockedOut: [] });
    for (let turn = 0; turn < 3; turn += 1) await this.replay.turn(this.replay.ports());
    await this.#expectDead(before, where);
    this.#interleavings += 1;
  }

  /** Pods of the new template never become available: it is undone and, with one attempt, left to a person. */
  async #undoWith(fault: Fault | undefined): Promise<number> {
    const where = `undo, ${fault?.how ?? 'no fault'} at write ${fault?.at ?? 'none'}`;
    const [before, last] = [await readCredentials(this.stage), await this.#newest()];
    const first = this.replay.ports(fault ?? NEVER);
    this.replay.pods.stuck = true;
    await this.replay.request('all');
    for (const ports of [first, this.replay.ports()]) {
      await this.replay.run(ports, (status) => isStuck(status) || endedAfter(last, 'Undone')(status));
      if (!ports.dead()) this.replay.clock.advance(PAST_EVERY_DEADLINE);
      await this.replay.run(ports, endedAfter(last, 'Undone'));
      expect({ where, lockedOut: await this.replay.lockedOut() }).toEqual({ where, lockedOut: [] });
    }
    await first.release().catch(() => undefined);
    // A late step may have rolled a Deployment again: its pods start, and read what is published now.
    this.replay.pods.stuck = false;
    for (let turn = 0; turn < 2; turn += 1) await this.replay.turn(this.replay.ports());
    expect({ where, lockedOut: await this.replay.lockedOut(), values: await readCredentials(this.stage) }).toEqual({ where, lockedOut: [], values: before });
    this.#interleavings += fault ? 1 : 0;
    return first.writes();
  }

  async #allowAttempts(maxAttempts: number): Promise<void> {
    await this.stage.server.admin.merge(`${RESOURCES}/glitchtip`, { spec: { rotation: { maxAttempts } } }, 'test');
  }

  async #newest(): Promise<string | undefined> {
    return (await this.stage.resource()).status?.rotation?.history?.[0]?.id;
  }

  /** Whatever was replaced is refused, whatever is published works, and no other copy of a value is left. */
  async #expectDead(old: Credentials, where = 'no fault'): Promise<void> {
    const journal = Object.keys((await this.stage.secrets())[DEFAULT_SECRET_NAMES.rotation]?.values ?? {});
    const alive = await stillAlive(this.replay, old, await readCredentials(this.stage));
    expect({ where, alive, journal, lockedOut: await this.replay.lockedOut(), ready: await this.stage.condition('Ready') })
      .toEqual({ where, alive: [], journal: ['record'], lockedOut: [], ready: 'True AllWell: Everything is as it should be.' });
  }
}

function isStuck({ rotation }: GlitchTipStatus): boolean {
  return rotation?.current?.phase === 'Rolling' && rotation.current.message.includes('old pods');
}

function endedAfter(id: string | undefined, result: RotationResult): (status: GlitchTipStatus) => boolean {
  return ({ rotation }) => rotation?.current === undefined && rotation?.history?.[0]?.id !== id && rotation?.history?.[0]?.result === result;
}
