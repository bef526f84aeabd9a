// The ConfigMap that names the step of an upgrade for the pods: in no manifest, so that applying them again neither makes nor deletes it.
import { LABELS, UPGRADE_MANAGER, UPGRADE_STEP } from '../../api/object-names.js';
import type { UpgradeStepPort } from '../../controllers/upgrade/upgrade-ports.js';
import type { KubernetesApi } from './api-client.js';
import { isStatus, provesAbsence } from './api-error.js';

const { configMap: NAME, key: KEY } = UPGRADE_STEP;

export function upgradeSteps(api: Pick<KubernetesApi, 'get' | 'create' | 'merge' | 'delete'>, namespace: string): UpgradeStepPort {
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  return {
    read: async (signal) => {
      try {
        const { data = {} } = await api.get<{ readonly data?: Readonly<Record<string, string>> }>(`${path}/${NAME}`, signal);
        return data[KEY] ?? '';
      } catch (error) {
        if (provesAbsence(error, NAME)) return undefined;
        throw error;
      }
    },
    name: async (step, signal) => {
      try {
        await api.create(path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME, labels: LABELS }, data: { [KEY]: step } }, signal);
      } catch (error) {
        if (!isStatus(error, 409)) throw error;
        await api.merge(`${path}/${NAME}`, { data: { [KEY]: step } }, UPGRADE_MANAGER, signal);
      }
    },
    forget: async (signal) => {
      try {
        await api.delete(`${path}/${NAME}`, {}, signal);
      } catch (error) {
        if (!isStatus(error, 404)) throw error;
      }
    },
  };
}
