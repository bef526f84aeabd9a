// What the API server alone lacks: Deployments whose "pods" read their Secret when they are rolled, use it, and store events.
import { WEB_BACKEND } from '../../charts/part-names.js';
import { DEFAULT_SECRET_NAMES, ROTATION_ANNOTATION, VALKEY_GATEWAY_USER } from '../../operator/api/object-names.js';
import type { WebPort } from '../../operator/controllers/ports.js';
import type { Clock } from '../../operator/runtime/clock.js';
import { NAMESPACE, type Stage } from '../api/operator-stage.js';
import { hasSaved, valkeyPassword } from './valkey-users-file.js';

const DEPLOYMENTS = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;
const { application, gateway } = DEFAULT_SECRET_NAMES;
/** The Secret that each part mounts. */
const MOUNTED = { web: application, worker: application, gateway } as const;
type Name = keyof typeof MOUNTED;
const NAMES = Object.keys(MOUNTED) as readonly Name[];
/** Of gateway/delivery/rows.ts. */
const TRANSACTIONS = 'performance_transactionevent';
const OTHER_TABLES = ['organizations_ext_organization', 'projects_project', 'projects_projectkey'];

/** As the Deployment controller counts its pods. */
const COUNTS = {
  available: { replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 },
  stuck: { replicas: 2, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 },
  broken: { replicas: 1, updatedReplicas: 1, availableReplicas: 0, readyReplicas: 0 },
};

interface Deployment {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: { readonly template: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } } };
}

/** What a pod read from its mounted Secret at its start. */
interface Started {
  readonly mark: string | undefined;
  readonly values: Readonly<Record<string, string>>;
}

/** Web, worker and gateway, with the kubelet and the Deployment controller in one. */
export class Pods {
  readonly #started = new Map<Name, Started>();
  readonly #reported = new Map<Name, string>();
  /** Parts whose new pods never become available: a bad node, no room, an image that cannot be pulled. */
  stuck: readonly Name[] = [];
  /** Parts of which no pod becomes available whatever is rolled, the old one having ended first: somebody applied an image that is not there. */
  broken: readonly Name[] = [];

  constructor(private readonly stage: Stage, private readonly clock: Clock) {}

  async create(): Promise<void> {
    for (const name of NAMES) {
      const labels = { app: name };
      const container = { name, image: 'glitchtip', resources: {} };
      const spec = { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } };
      await this.stage.server.admin.apply(`${DEPLOYMENTS}/${name}`, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec }, 'test');
    }
    await this.stage.sql('CREATE TABLE IF NOT EXISTS issue_events_issueevent (id uuid, received timestamptz, PRIMARY KEY (id, received)) PARTITION BY RANGE (received)', 'glitchtip');
    await this.stage.sql('CREATE TABLE IF NOT EXISTS events_of_any_day PARTITION OF issue_events_issueevent DEFAULT', 'glitchtip');
    await this.stage.sql(`CREATE TABLE IF NOT EXISTS ${TRANSACTIONS} (event_id uuid PRIMARY KEY)`, 'glitchtip');
    await this.stage.sql('CREATE TABLE IF NOT EXISTS users_user (email text, password text, is_superuser boolean NOT NULL DEFAULT true)', 'glitchtip');
    for (const table of OTHER_TABLES) {
      await this.stage.sql(`CREATE TABLE IF NOT EXISTS ${table} (id bigint PRIMARY KEY, project_id bigint, name text NOT NULL, slug text, public_key uuid)`, 'glitchtip');
    }
    for (const table of ['issue_events_issueevent', 'events_of_any_day', TRANSACTIONS, 'users_user', ...OTHER_TABLES]) await this.stage.sql(`ALTER TABLE ${table} OWNER TO glitchtip`, 'glitchtip');
    await this.sync();
  }

  /** Starts new pods where a template changed, and says so in the Deployment's status. */
  async sync(): Promise<void> {
    const { items } = await this.stage.server.admin.get<{ readonly items: readonly Deployment[] }>(DEPLOYMENTS);
    for (const name of NAMES) {
      const deployment = items.find(({ metadata }) => metadata.name === name);
      if (!deployment) throw new Error(`there is no Deployment ${name}`);
      await this.#report(name, deployment.metadata.generation, await this.#roll(name, deployment.spec.template.metadata.annotations?.[ROTATION_ANNOTATION]));
    }
  }

  async #roll(name: Name, mark: string | undefined): Promise<keyof typeof COUNTS> {
    if (this.broken.includes(name)) {
      this.#started.delete(name);
      return 'broken';
    }
    const running = this.#started.get(name);
    if (running && running.mark === mark) return 'available';
    if (mark !== undefined && this.stuck.includes(name)) return 'stuck';
    this.#started.set(name, { mark, values: await this.#mounted(name) });
    return 'available';
  }

  /** Pods that cannot do their work with what they read. */
  async failing(): Promise<readonly string[]> {
    const failures = await Promise.all(NAMES.map(async (name) => ((await this.#works(name)) ? [] : [name])));
    return failures.flat();
  }

  /** Parts whose pods were started with other values than their Secret has now; keys that are only still accepted do not count. */
  async outdated(): Promise<readonly string[]> {
    const differ = async (name: Name) => Object.entries(await this.#mounted(name)).some(([key, value]) => key !== 'SECRET_KEY_FALLBACKS' && this.#started.get(name)?.values[key] !== value);
    return (await Promise.all(NAMES.map(async (name) => ((await differ(name)) ? [name] : [])))).flat();
  }

  /** Pods whose password for Valkey is not in this users file. */
  refusedBy(users: string): readonly string[] {
    return [...this.#started].filter(([name, { values }]) => !hasSaved(users, ...valkeyLogin(name, values))).map(([name]) => name);
  }

  /** As web and worker do it together: an event is stored with what web read at its start. */
  readonly web: WebPort = {
    sendEvent: async ({ host }, { id }) => {
      if (host !== WEB_BACKEND) throw new Error(`an event was sent to ${host}, which may give it much later`);
      const { DATABASE_USER: user = '', DATABASE_PASSWORD: password = '' } = this.#started.get('web')?.values ?? {};
      await this.stage.postgres.query({ user, password, database: 'glitchtip' }, `INSERT INTO issue_events_issueevent VALUES ('${id}', '${new Date(this.clock.now()).toISOString()}') ON CONFLICT DO NOTHING`);
      return 200;
    },
  };

  async #mounted(name: Name): Promise<Readonly<Record<string, string>>> {
    return (await this.stage.secrets())[MOUNTED[name]]?.values ?? {};
  }

  /** So does a part that has no pod. */
  async #works(name: Name): Promise<boolean> {
    const values = this.#started.get(name)?.values;
    if (!values) return true;
    const [database, valkey] = await Promise.all([name === 'gateway' || this.#isOwner(values), this.stage.valkey.accepts(...valkeyLogin(name, values))]);
    return database && valkey;
  }

  /** Not asked of the gateway, whose login has one password at a time: it reads the one that is mounted for each connection, and waits while that is refused. */
  async #isOwner({ DATABASE_USER: user = '', DATABASE_PASSWORD: password = '' }: Started['values']): Promise<boolean> {
    const rows = await this.stage.postgres.query<{ current_user: string }>({ user, password, database: 'glitchtip' }, 'SELECT current_user').catch(() => []);
    return rows[0]?.current_user === 'glitchtip';
  }

  async #report(name: Name, observedGeneration: number, rollout: keyof typeof COUNTS): Promise<void> {
    const state = `${observedGeneration} ${rollout}`;
    if (this.#reported.get(name) === state) return;
    this.#reported.set(name, state);
    const counts = COUNTS[rollout];
    await this.stage.server.admin.merge(`${DEPLOYMENTS}/${name}/status`, { status: { observedGeneration, ...counts } }, 'test');
  }
}

/** User and password that a part has for Valkey. */
function valkeyLogin(name: Name, values: Started['values']): [user: string, password: string] {
  return name === 'gateway' ? [VALKEY_GATEWAY_USER, values['valkey-password'] ?? ''] : ['default', valkeyPassword(values)];
}
