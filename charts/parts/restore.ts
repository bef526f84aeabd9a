// Restore: the pods of the two Jobs that bring a copy back. The check fetches, compares and decrypts it, before anything is stopped for it;
// the restore does so once more, loads it into a new database and puts the uploads where they belong (operator/core/restore/).
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { RESTORE_SECRET, RESTORE_SECRET_KEYS, RESTORE_TEMPLATES } from '../../operator/api/object-names.js';
import { restoreLoginName } from '../../operator/core/restore/restore-names.js';
import { CLAIMS, CONFIG_MAPS, DATABASE, labelsOf } from '../part-names.js';
import type { Settings } from '../settings/schema.js';
import { topologyOf } from '../topology.js';
import { GLITCHTIP_USER } from './application-container.js';
import { PATHS, hashes, ofTheRun, postgresContainer, sharedVolumes, storeContainer, storeVariables, storeVolume, variables } from './copy-pods.js';
import { optionalSecretFiles, partMetadata, podDefaults, secretFiles } from './pod-template.js';
import { POSTGRES_USER } from './postgres.js';
import type { ProgramBundle } from './program-bundle.js';
import { claimed } from './volume-claim.js';
import { withWayOut } from './way-out.js';

export class Restore extends Construct {
  /** @param bundle of the backup: one program does both */
  constructor(scope: Construct, id: string, private readonly settings: Settings, private readonly bundle: ProgramBundle) {
    super(scope, id);
    new k8s.KubeConfigMap(this, 'run', { metadata: partMetadata(CONFIG_MAPS.restoreRun, 'restore') });
    const fetch = this.program('fetch');
    this.addTemplate('check', { containers: [fetch], volumes: this.volumes() });
    this.addTemplate('restore', {
      initContainers: [fetch, this.load()],
      containers: [this.program('place', [{ name: 'uploads', mountPath: PATHS.uploads }])],
      volumes: [...this.volumes(), secretFiles('login', RESTORE_SECRET, [RESTORE_SECRET_KEYS.databasePassword]), claimed('uploads', CLAIMS.uploads)],
    });
  }

  private addTemplate(kind: keyof typeof RESTORE_TEMPLATES, pods: Pick<k8s.PodSpec, 'initContainers' | 'containers' | 'volumes'>): void {
    const store = topologyOf(this.settings).backup;
    const { securityContext, ...defaults } = podDefaults(this.settings, { ...GLITCHTIP_USER, callsInternet: store === 's3' });
    new k8s.KubePodTemplate(this, kind, {
      metadata: partMetadata(RESTORE_TEMPLATES[kind], 'restore'),
      template: {
        metadata: { labels: labelsOf('restore'), annotations: hashes(this.bundle) },
        spec: withWayOut(this.settings, {
          ...defaults,
          // GlitchTip's own user, so that the uploads are its own, on volumes that know no group of a pod, too; the group reads the copies of a volume.
          securityContext: { ...securityContext, ...(store === 'volume' ? { supplementalGroups: [POSTGRES_USER.group] } : {}) },
          restartPolicy: 'Never',
          ...pods,
        }),
      },
    });
  }

  private program(task: 'fetch' | 'place', mounts: readonly k8s.VolumeMount[] = []): k8s.Container {
    const { settings, bundle } = this;
    return storeContainer(settings, {
      name: task, bundle, volumeMount: { readOnly: true },
      env: [
        ...variables({ TASK: task, RELEASE: settings.version, WORK: PATHS.work, ...storeVariables(settings), IDENTITY: `${PATHS.identity}/${RESTORE_SECRET_KEYS.identity}`, ...(mounts.length > 0 ? { UPLOADS: PATHS.uploads } : {}) }),
        ...ofTheRun(CONFIG_MAPS.restoreRun, 'COPY', 'NOT_AFTER', ...(mounts.length > 0 ? ['WITH_UPLOADS'] : [])),
      ],
      mounts: [{ name: 'identity', mountPath: PATHS.identity, readOnly: true }, ...mounts],
    });
  }

  private load(): k8s.Container {
    return postgresContainer(this.settings, {
      name: 'load',
      env: [
        ...variables({ PGHOST: 'postgres', PGPORT: String(DATABASE.port), PGUSER: restoreLoginName(DATABASE.name), PASSWORD_FILE: `${PATHS.login}/${RESTORE_SECRET_KEYS.databasePassword}`, OWNER: DATABASE.name }),
        ...ofTheRun(CONFIG_MAPS.restoreRun, 'PGDATABASE'),
      ],
      mounts: [{ name: 'login', mountPath: PATHS.login, readOnly: true }],
    });
  }

  /** The identity is a person's, and is there only for copies that are encrypted: each container that needs it says what is missing. */
  private volumes(): k8s.Volume[] {
    return [...sharedVolumes(this.settings, this.bundle), optionalSecretFiles('identity', RESTORE_SECRET, [RESTORE_SECRET_KEYS.identity]), storeVolume(this.settings)];
  }
}
