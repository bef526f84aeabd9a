// The operator's own ports to the real servers, with a fault at a chosen write: what a crash, a lost answer or a rival does.
import type { Ports } from '../../operator/controllers/ports.js';
import { Cluster } from '../../operator/io/kubernetes/objects.js';
import type { KubernetesApi } from '../../operator/io/kubernetes/api-client.js';
import { postgresPort, valkeyPort, webPort } from '../../operator/io/connect-ports.js';
import { Workloads } from '../../operator/io/kubernetes/workloads.js';
import { NAMESPACE } from './operator-stage.js';

/** What happens at the write of this number, counted from 0. */
export interface Fault {
  readonly at: number;
  /**
   * - `before`: the process dies before it;
   * - `lost`: it is made, its answer is lost, and the process dies;
   * - `error`: it is not made and fails once, as a 500 or a broken connection;
   * - `unheard`: it is made and its answer is lost, once;
   * - `late`: it is held back, and made when {@link TestPorts.release} is called: after another operator went on.
   */
  readonly how: 'before' | 'lost' | 'error' | 'unheard' | 'late';
  /** Neither status nor events are counted: they decide nothing. */
  readonly decisiveOnly?: boolean;
}

const INDECISIVE: readonly string[] = ['applyStatus', 'recordEvent'];

export interface TestPorts extends Ports {
  /** No further write is made. */
  readonly dead: () => boolean;
  /** The fault has happened. */
  readonly hit: () => boolean;
  /** Writes so far, without the one of the fault. */
  readonly writes: () => number;
  /** Makes the write that was held back; what it throws is what the late operator sees. */
  readonly release: () => Promise<void>;
}

const WRITES = {
  cluster: ['createSecret', 'writeSecret', 'writeJournal', 'dropRequest', 'applyStatus', 'recordEvent'],
  workloads: ['roll'],
  postgres: ['change', 'openLogin', 'closeLogin', 'replaceOperatorPassword', 'ensureCanary', 'setAdministratorPassword', 'endSessions'],
  valkey: ['setPasswords', 'endSessions', 'endForeignConnections'],
  web: ['sendEvent'],
} as const satisfies { readonly [Port in keyof Ports]: readonly (keyof Ports[Port])[] };

type Call = () => Promise<unknown>;

/** The real ports; `replace` puts others in their place. */
export function buildPorts(api: KubernetesApi, fault?: Fault, replace: Partial<Ports> = {}): TestPorts {
  const real: Ports = {
    cluster: new Cluster(api, NAMESPACE, 'test'), workloads: new Workloads(api, NAMESPACE),
    postgres: postgresPort, valkey: valkeyPort, web: webPort, ...replace,
  };
  const faults = new Faults(fault);
  const names = Object.keys(WRITES) as (keyof Ports)[];
  const wrapped = Object.fromEntries(names.map((name) => [name, wrap(real[name], WRITES[name], faults)])) as unknown as Ports;
  return { ...wrapped, dead: () => faults.dead, hit: () => faults.hit, writes: () => faults.count, release: () => faults.release() };
}

class Faults {
  dead = false;
  hit = false;
  count = 0;
  #held: Call | undefined;

  constructor(private readonly fault: Fault | undefined) {}

  async write(name: string, call: Call): Promise<unknown> {
    if (this.dead) throw new Error('dead');
    if (this.fault?.decisiveOnly && INDECISIVE.includes(name)) return call();
    const number = this.count++;
    if (!this.fault || number !== this.fault.at) return call();
    this.hit = true;
    return this.#fail(this.fault.how, call);
  }

  async #fail(how: Fault['how'], call: Call): Promise<never> {
    this.dead = how === 'before' || how === 'lost' || how === 'late';
    if (how === 'late') this.#held = call;
    if (how === 'lost' || how === 'unheard') await call();
    throw new Error(`fault: ${how}`);
  }

  async release(): Promise<void> {
    await this.#held?.();
  }
}

/** The same object with its writes through the faults. */
function wrap(port: object, writes: readonly string[], faults: Faults): object {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const call = (args: unknown[]): Promise<unknown> => Reflect.apply(member, target, args) as Promise<unknown>;
      return writes.includes(String(name)) ? (...args: unknown[]) => faults.write(String(name), () => call(args)) : (...args: unknown[]) => call(args);
    },
  });
}
