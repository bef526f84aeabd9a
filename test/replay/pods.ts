// What the API server alone lacks: Deployments whose "pods" read the application's Secret when they are rolled, use it, and store events.
import { DEFAULT_SECRET_NAMES, ROTATION_ANNOTATION } from '../../operator/api/object-names.js';
import type { WebPort } from '../../operator/controllers/ports.js';
import type { Clock } from '../../operator/runtime/clock.js';
import { NAMESPACE, type Stage } from '../api/operator-stage.js';
import { hasSaved, valkeyPassword } from './valkey-users-file.js';

const DEPLOYMENTS = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;
const NAMES = ['web', 'worker'] as const;
type Name = (typeof NAMES)[number];

interface Deployment {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: { readonly template: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } } };
}

/** What a pod read from its mounted Secret at its start. */
interface Started {
  readonly mark: string | undefined;
  readonly values: Readonly<Record<string, string>>;
}

/** Web and worker, with the kubelet and the Deployment controller in one. */
export class Pods {
  readonly #started = new Map<Name, Started>();
  readonly #reported = new Map<Name, string>();
  /** New pods never become available: a bad node, no room, an image that cannot be pulled. */
  stuck = false;

  constructor(private readonly stage: Stage, private readonly clock: Clock) {}

  async create(): Promise<void> {
    for (const name of NAMES) {
      const labels = { app: name };
      const container = { name, image: 'glitchtip', resources: {} };
      const spec = { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } };
      await this.stage.server.admin.apply(`${DEPLOYMENTS}/${name}`, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec }, 'test');
    }
    await this.stage.sql('CREATE TABLE IF NOT EXISTS issue_events_issueevent (id uuid PRIMARY KEY, received timestamptz NOT NULL)', 'glitchtip');
    await this.stage.sql('CREATE TABLE IF NOT EXISTS users_user (email text, password text)', 'glitchtip');
    for (const table of ['organizations_ext_organization', 'projects_project', 'projects_projectkey']) {
      await this.stage.sql(`CREATE TABLE IF NOT EXISTS ${table} (id bigint PRIMARY KEY, project_id bigint, name text NOT NULL, slug text, public_key uuid)`, 'glitchtip');
    }
    await this.stage.sql('ALTER TABLE issue_events_issueevent OWNER TO glitchtip', 'glitchtip');
    for (const table of ['users_user', 'organizations_ext_organization', 'projects_project', 'projects_projectkey']) await this.stage.sql(`ALTER TABLE ${table} OWNER TO glitchtip`, 'glitchtip');
    await this.sync();
  }

  /** Starts new pods where a template changed, and says so in the Deployment's status. */
  async sync(): Promise<void> {
    const { items } = await this.stage.server.admin.get<{ readonly items: readonly Deployment[] }>(DEPLOYMENTS);
    for (const name of NAMES) {
      const deployment = items.find(({ metadata }) => metadata.name === name);
      if (!deployment) throw new Error(`there is no Deployment ${name}`);
      const mark = deployment.spec.template.metadata.annotations?.[ROTATION_ANNOTATION];
      const running = this.#started.get(name);
      const rolling = !running || running.mark !== mark;
      if (rolling && !(this.stuck && mark !== undefined)) this.#started.set(name, { mark, values: await this.#mounted() });
      await this.#report(name, deployment.metadata.generation, rolling && this.stuck && mark !== undefined);
    }
  }

  /** Pods that cannot do their work with what they read. */
  async failing(): Promise<readonly string[]> {
    const failures = await Promise.all(NAMES.map(async (name) => ((await this.#works(this.#started.get(name)?.values ?? {})) ? [] : [name])));
    return failures.flat();
  }

  /** Pods whose password for Valkey is not in this users file. */
  refusedBy(users: string): readonly string[] {
    return [...this.#started].filter(([, { values }]) => !hasSaved(users, 'default', valkeyPassword(values))).map(([name]) => name);
  }

  /** As web and worker do it together: an event is stored with what web read at its start. */
  readonly web: WebPort = {
    sendEvent: async (_, __, id) => {
      const { DATABASE_USER: user = '', DATABASE_PASSWORD: password = '' } = this.#started.get('web')?.values ?? {};
      await this.stage.postgres.query({ user, password, database: 'glitchtip' }, `INSERT INTO issue_events_issueevent VALUES ('${id}', '${new Date(this.clock.now()).toISOString()}') ON CONFLICT DO NOTHING`);
      return 200;
    },
  };

  async #mounted(): Promise<Readonly<Record<string, string>>> {
    return (await this.stage.secrets())[DEFAULT_SECRET_NAMES.application]?.values ?? {};
  }

  async #works(values: Started['values']): Promise<boolean> {
    const { DATABASE_USER: user = '', DATABASE_PASSWORD: password = '' } = values;
    const [database, valkey] = await Promise.all([
      this.stage.postgres.query<{ current_user: string }>({ user, password, database: 'glitchtip' }, 'SELECT current_user').catch(() => []),
      this.stage.valkey.accepts('default', valkeyPassword(values)),
    ]);
    return database[0]?.current_user === 'glitchtip' && valkey;
  }

  async #report(name: Name, observedGeneration: number, stuck: boolean): Promise<void> {
    const state = `${observedGeneration} ${String(stuck)}`;
    if (this.#reported.get(name) === state) return;
    this.#reported.set(name, state);
    const counts = stuck ? { replicas: 2, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 } : { replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 };
    await this.stage.server.admin.merge(`${DEPLOYMENTS}/${name}/status`, { status: { observedGeneration, ...counts } }, 'test');
  }
}
