// The health controller's port, connected to the real world.
import type { HealthPort } from '../../controllers/ports.js';
import { healthRelease } from '../../core/health/versions.js';
import type { Clock } from '../../runtime/clock.js';
import type { KubernetesApi } from '../kubernetes.js';
import { Canaries } from './canary.js';
import { HealthCluster } from './cluster.js';
import { lookAtDatabase } from './database.js';
import { lookAtQueue } from './queue.js';
import { observeWeb } from './web.js';

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
