// Where the operators of two builds are compared: a GlitchTip that is Ready on real servers without nodes, with "pods" that are rolled and store events.
import { WEB_BACKEND } from '../../charts/part-names.js';
import { parseResource, type Resource } from '../../cli/glitchtip-resource-access.js';
import { DEFAULT_SECRET_NAMES } from '../../operator/api/object-names.js';
import { messageOf } from '../../operator/core/error-message.js';
import { NAMESPACE, Stage, until, type OperatorProcess } from '../api/operator-stage.js';
import { WebDouble } from '../api/web-double.js';
import { Replay } from '../replay/replay.js';
import { MANY_LABEL, suspendedResources } from './many-resources.js';
import { completeRotation } from './requested-rotation.js';
import { everySecond } from './sampling.js';

/** For a rotation, of which most is waiting. Seconds. */
const PATIENCE = 300;

export class Scene {
  readonly #replay: Replay;
  readonly #stopSyncing: () => Promise<void>;

  private constructor(private readonly stage: Stage, private readonly web: WebDouble, replay: Replay) {
    this.#replay = replay;
    this.#stopSyncing = everySecond(() => replay.pods.sync().catch(() => undefined));
  }

  static async open(): Promise<Scene> {
    const store: { at?: Replay } = {};
    const web = new WebDouble((id) => store.at?.pods.web.sendEvent({ host: WEB_BACKEND, port: 0 }, { canary: { project: 1, key: '' }, id }, new AbortController().signal) ?? Promise.resolve());
    await web.listen();
    // No backup of the schedule, which a rotation waits for, and whose Job nobody runs here.
    const stage = await Stage.open({ web: { host: '127.0.0.1', port: web.port }, backup: { store: 'volume', enabled: false } });
    const first = await stage.startOperator('bootstrap');
    await until('Secrets', async () => Object.keys(await stage.secrets()).length >= 5, true);
    await stage.startPostgres();
    await stage.startValkey();
    await until('DatabaseHealthy', async () => (await stage.condition('DatabaseHealthy')).startsWith('True'), true);
    const replay = new Replay(stage);
    store.at = replay;
    await replay.pods.create();
    await replay.makeAdministrator();
    // What is done once only is not measured of whoever is the first.
    await until('Ready', async () => (await stage.condition('Ready')).startsWith('True'), true);
    await first.kill('SIGTERM');
    return new Scene(stage, web, replay);
  }

  /** @param build folder of it @throws Error what `work` throws, with the build and the last of the operator's log */
  async withOperator<T>(build: string, work: (operator: OperatorProcess) => Promise<T>): Promise<T> {
    await this.#forgetRotations();
    const operator = await this.stage.startOperator('bench', build);
    try {
      return await work(operator);
    } catch (error) {
      throw new Error(`${build}: ${messageOf(error)}; the last of its log: ${operator.messages.slice(-3).join(', ')}`, { cause: error });
    } finally {
      await operator.kill('SIGTERM');
    }
  }

  /** The resource that the stack is; not one of the many. */
  async resource(): Promise<Resource> {
    return parseResource(JSON.stringify(await this.stage.resource()));
  }

  /** Of everything that the operator knows, once. @throws Error saying where it stands when it is not completed in time */
  async rotate(): Promise<void> {
    await completeRotation({ read: () => this.resource(), request: (value) => this.#replay.request(value) }, PATIENCE);
  }

  /** Anew: whoever looks at what another one has looked at has less to write. @param count of resources in all */
  async makeMany(count: number): Promise<void> {
    await this.stage.kubectl(['delete', 'glitchtips', `--selector=${MANY_LABEL}`]);
    await this.stage.kubectl(['create', '-f', '-'], JSON.stringify(suspendedResources(NAMESPACE, 0, count - 1)));
  }

  async close(): Promise<void> {
    await this.#stopSyncing();
    this.web.stop();
    await this.stage.close();
  }

  /** While none is under way. A journal names what its writer can rotate; an older build takes that of a newer one for damaged, and rotates nothing. */
  async #forgetRotations(): Promise<void> {
    await this.stage.kubectl(['delete', 'secret', DEFAULT_SECRET_NAMES.rotation, '--ignore-not-found']);
  }
}
