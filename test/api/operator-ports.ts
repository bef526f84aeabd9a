// The operator's own ports to the real servers, with a fault at a chosen write: what a crash, a lost answer or a rival does.
import type { Ports, ValkeyPort } from '../../operator/controllers/ports.js';
import { KubernetesObjects } from '../../operator/io/kubernetes/objects.js';
import type { KubernetesApi } from '../../operator/io/kubernetes/api-client.js';
import { postgresPort, valkeyPort, webPort } from '../../operator/io/connect-ports.js';
import { Workloads } from '../../operator/io/kubernetes/workloads.js';
import { NAMESPACE } from './operator-stage.js';
import { throughCommands } from './valkey-commands.js';

/** What happens at the write of this number, counted from 0; one that is refused, because somebody else wrote since, is none. */
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
  /** Only writes of this label are counted. */
  readonly label?: string;
}

/** Faults after which the write was made. */
const MADE: readonly Fault['how'][] = ['lost', 'unheard'];
const NO_FAULT: Fault = { at: Number.POSITIVE_INFINITY, how: 'before' };

/** They decide nothing. */
export const INDECISIVE: readonly string[] = ['cluster.applyStatus', 'cluster.recordEvent'];

export interface TestPorts extends Ports {
  /** No further write is made. */
  readonly crashed: () => boolean;
  /** The fault has happened. */
  readonly hit: () => boolean;
  /** Labels of the writes so far, in their order, with the one of the fault; of all that may be counted. */
  readonly writes: () => readonly string[];
  /** Makes the write that was held back; `refused`: it was not taken any more. */
  readonly release: () => Promise<'made' | 'refused'>;
}

/** The writes of each port, and what is written of one beside its name. */
const WRITES = {
  cluster: {
    createSecret: ({ name }) => name, writeSecret: ({ name }) => name, writeJournal: (_, { journal }) => journal.rotation?.phase ?? 'ended',
    writeLock: ({ holder }) => (holder ? 'taken' : 'released'), dropRequest: nothing, applyStatus: nothing, recordEvent: nothing,
  },
  workloads: { roll: (name) => name },
  postgres: {
    change: nothing, openLogin: nothing, closeLogin: nothing, replaceOperatorPassword: nothing, ensureCanary: nothing, setAdministratorPassword: nothing, endSessions: nothing, endForeignSessions: nothing,
  },
  // Setting passwords is several writes: a command each.
  valkey: { endSessions: nothing, endForeignConnections: nothing },
  web: { sendEvent: nothing },
} as const satisfies { readonly [Port in keyof Ports]: { readonly [Name in keyof Ports[Port]]?: Ports[Port][Name] extends (...args: infer Args) => unknown ? (...args: Args) => string : never } };

function nothing(): string {
  return '';
}

type Call = () => Promise<unknown>;

/** The real ports; `replace` puts others in their place. */
export function buildPorts(api: KubernetesApi, fault: Fault = NO_FAULT, replace: Partial<Ports> = {}): TestPorts {
  const faults = new Faults(fault);
  const real: Ports = {
    cluster: new KubernetesObjects(api, NAMESPACE, 'test'), workloads: new Workloads(api, NAMESPACE),
    postgres: postgresPort, valkey: cutInCommands(valkeyPort, faults), web: webPort, ...replace,
  };
  const wrapped = Object.fromEntries((Object.keys(WRITES) as (keyof Ports)[]).map((name) => [name, wrap(name, real[name], faults)])) as unknown as Ports;
  return { ...wrapped, crashed: () => faults.crashed, hit: () => faults.hit, writes: () => faults.labels, release: () => faults.release() };
}

class Faults {
  crashed = false;
  hit = false;
  readonly labels: string[] = [];
  #counted = 0;
  #held: Call | undefined;

  constructor(private readonly fault: Fault) {}

  async write(name: string, about: string, call: Call): Promise<unknown> {
    if (this.crashed) throw new Error('crashed');
    if (this.fault.decisiveOnly && INDECISIVE.includes(name)) return call();
    return this.#count(about === '' ? name : `${name} ${about}`, call);
  }

  async #count(label: string, call: Call): Promise<unknown> {
    const due = this.#counts(label) && this.#counted === this.fault.at;
    const answer = due && !MADE.includes(this.fault.how) ? undefined : await call();
    // Somebody else was first: no write, and the reconcile is made again.
    if (answer === false) return false;
    this.labels.push(label);
    if (this.#counts(label)) this.#counted += 1;
    return due ? this.#fail(call) : answer;
  }

  #counts(label: string): boolean {
    return label === (this.fault.label ?? label);
  }

  #fail(call: Call): never {
    const { how } = this.fault;
    this.hit = true;
    this.crashed = how !== 'error' && how !== 'unheard';
    if (how === 'late') this.#held = call;
    throw new Error(`fault: ${how}`);
  }

  /** A write answers false when somebody else wrote since. */
  async release(): Promise<'made' | 'refused'> {
    const held = this.#held;
    if (!held) throw new Error('no write was held back');
    return held().then((answer) => (answer === false ? 'refused' : 'made'), () => 'refused');
  }
}

/** The same object with its writes through the faults. */
function wrap(port: keyof Ports, object: object, faults: Faults): object {
  const writes: Readonly<Record<string, ((...args: never[]) => string) | undefined>> = WRITES[port];
  return new Proxy(object, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const call = (args: unknown[]): Promise<unknown> => Reflect.apply(member, target, args) as Promise<unknown>;
      const describe = writes[String(name)];
      if (!describe) return (...args: unknown[]) => call(args);
      return (...args: unknown[]) => faults.write(`${port}.${String(name)}`, describe(...(args as never[])), () => call(args));
    },
  });
}

function cutInCommands(valkey: ValkeyPort, faults: Faults): ValkeyPort {
  return {
    ...valkey,
    setPasswords: (address, ...rest) => throughCommands(
      address,
      async (command, make) => String(await faults.write('valkey', command, make)),
      (between) => valkey.setPasswords(between, ...rest),
    ),
  };
}
