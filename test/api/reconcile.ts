// Looks of the operator's credentials controller, each of a new one: it remembers nothing.
import { CredentialsController } from '../../operator/controllers/credentials/credentials-controller.js';
import { nodeCrypto } from '../../operator/io/crypto.js';
import { systemClock } from '../../operator/runtime/clock.js';
import { buildPorts, INDECISIVE, type TestPorts } from './operator-ports.js';
import { HERE, type Stage } from './operator-stage.js';

export const READY = 'True AllWell: Everything is as it should be.';
/** More looks than anything takes. */
const MOST_TURNS = 12;
const never = new AbortController().signal;

export async function reconcile(ports: TestPorts): Promise<void> {
  const nothing = () => undefined;
  await new CredentialsController({ ...ports, crypto: nodeCrypto, clock: systemClock, trustedHosts: HERE, log: nothing, warn: nothing, onStatus: nothing }).reconcile('glitchtip', never);
}

/** Until the resource is Ready or the ports have crashed. */
export async function reconcileUntilReady(stage: Stage, ports: TestPorts = buildPorts(stage.operatorApi)): Promise<void> {
  const ready = () => stage.condition('Ready');
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    await reconcile(ports).catch((error: unknown) => {
      if (!ports.crashed()) throw error;
    });
    await stage.followSecrets();
    if (ports.crashed()) return;
    if (turn > 0 && (await ready()) === READY) return;
  }
  throw new Error(`not Ready: ${await ready()}`);
}

/** Until a look writes nothing. @returns what was written, in its order, without statuses and events */
export async function reconcileUntilSettled(stage: Stage): Promise<readonly string[]> {
  const made: string[] = [];
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    const ports = buildPorts(stage.operatorApi);
    await reconcile(ports);
    const writes = ports.writes();
    if (writes.length === 0) return made;
    made.push(...writes.filter((label) => !INDECISIVE.includes(label)));
  }
  throw new Error(`the operator does not come to rest: ${made.join(', ')}`);
}
