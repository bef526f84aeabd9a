// The health controller's port, implemented with the real clients.
import type { HealthPort } from '../controllers/ports.js';
import { healthRelease } from '../core/health/release-facts.js';
import type { Clock } from '../runtime/clock.js';
import type { KubernetesApi } from './kubernetes/api-client.js';
import { Canaries } from './postgres/canary.js';
import { HealthCluster } from './kubernetes/cluster-observer.js';
import { lookAtDatabase } from './postgres/database-observer.js';
import { lookAtQueue } from './valkey/queue-observer.js';
import { observeWeb } from './web/web-observer.js';

export function openHealthPort(api: KubernetesApi, namespace: string, clock: Clock): HealthPort {
  const cluster = new HealthCluster(api, namespace);
  const followed = new Map<string, Canaries>();
  const canariesOf = (resource: string) => {
    const canaries = followed.get(resource) ?? new Canaries(clock);
    followed.set(resource, canaries);
    return canaries;
  };
  return {
    observeCluster: (spec, signal) => cluster.observe(spec, signal),
    observeWeb: ({ web }, pods) => observeWeb(web, pods),
    observeDatabase: (resource, question) => lookAtDatabase({ ...question, canaries: canariesOf(resource) }),
    observeQueue: ({ valkey, version }, operator) => lookAtQueue(valkey, operator, healthRelease(version, valkey !== undefined).queue, clock.now()),
    rerunMigrations: (at, signal) => cluster.rerunMigrations(at, signal),
    restart: (deployment, at, signal) => cluster.restart(deployment, at, signal),
    forget: (resource) => followed.delete(resource),
  };
}
