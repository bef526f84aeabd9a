// The operator's own ports to the API server and to Postgres, which can die after a chosen write as in a crash.
import type { GlitchTipSpec } from '../../operator/api/glitchtip.js';
import type { ClusterPort, PostgresPort } from '../../operator/controllers/glitchtip.js';
import { Cluster } from '../../operator/io/cluster.js';
import type { KubernetesApi } from '../../operator/io/kubernetes.js';
import { changeDatabase, observePostgres } from '../../operator/io/postgres.js';
import { NAMESPACE } from './operator-stage.js';

export interface Ports {
  readonly cluster: ClusterPort;
  readonly postgres: PostgresPort;
  readonly dead: () => boolean;
}

/** With `writes`: that many writes are made, and one more, whose answer is lost; after it none is. */
export function buildPorts(api: KubernetesApi, writes = Number.POSITIVE_INFINITY): Ports {
  const cluster = new Cluster(api, NAMESPACE, 'test');
  const address = ({ database: { host, port, name } }: GlitchTipSpec) => ({ host, port, database: name });
  let left = writes;
  const write = async <T>(action: () => Promise<T>): Promise<T> => {
    if (left < 0) throw new Error('dead');
    const answer = await action();
    left -= 1;
    if (left < 0) throw new Error('dead');
    return answer;
  };
  return {
    dead: () => left < 0,
    cluster: {
      observeSecret: (...args) => cluster.observeSecret(...args),
      readResource: (...args) => cluster.readResource(...args),
      createSecret: (...args) => write(() => cluster.createSecret(...args)),
      applyStatus: (...args) => write(() => cluster.applyStatus(...args)),
      recordEvent: (...args) => write(() => cluster.recordEvent(...args)),
    },
    postgres: {
      observe: (spec, superuser, application) => observePostgres(address(spec), superuser, application),
      change: (spec, superuser, wanted, password) => write(() => changeDatabase(address(spec), superuser, wanted, password)),
    },
  };
}
