// Backup: the pods of the Job that dumps, restores, verifies and stores a copy. The operator makes one for each run (operator/core/backup/).
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { BACKUP_TEMPLATE, CLAIMS, CONFIG_MAPS, SECRETS, labelsOf } from '../part-names.js';
import { PROGRAMS } from '../programs.js';
import type { Settings } from '../settings/schema.js';
import { topologyOf } from '../topology.js';
import { GLITCHTIP_USER } from './application-container.js';
import { LOGIN_MOUNT, PATHS, dumpLogin, dumpLoginFiles, hashes, ofTheRun, postgresContainer, scripts, sharedVolumes, storeContainer, storeVariables, storeVolume, variables } from './copy-pods.js';
import { partMetadata, podDefaults } from './pod-template.js';
import { POSTGRES_USER } from './postgres.js';
import { ProgramBundle } from './program-bundle.js';
import { Rehearsal } from './rehearsal.js';
import { Restore } from './restore.js';
import { Volume, claimed } from './volume-claim.js';
import { withWayOut } from './way-out.js';

export class Backup extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const bundle = new ProgramBundle(this, 'bundle', settings, { program: PROGRAMS.backup, name: CONFIG_MAPS.backupBundle, component: 'backup' });
    new k8s.KubeConfigMap(this, 'scripts', { metadata: partMetadata(CONFIG_MAPS.backupScripts, 'backup'), data: scripts() });
    new k8s.KubeConfigMap(this, 'run', { metadata: partMetadata(CONFIG_MAPS.backupRun, 'backup') });
    if (topologyOf(settings).backup === 'volume') {
      new Volume(this, 'backups', { name: CLAIMS.backups, component: 'backup', size: settings.backup.volume, className: settings.storage.className });
    }
    new k8s.KubePodTemplate(this, 'template', {
      metadata: partMetadata(BACKUP_TEMPLATE, 'backup'),
      template: { metadata: { labels: labelsOf('backup'), annotations: hashes(bundle) }, spec: podSpec(settings, bundle) },
    });
    new Restore(this, 'restore', settings, bundle);
    new Rehearsal(this, 'rehearsal', settings, bundle);
  }
}

function podSpec(settings: Settings, bundle: ProgramBundle): k8s.PodSpec {
  const run = (...names: readonly string[]) => ofTheRun(CONFIG_MAPS.backupRun, ...names);
  return withWayOut(settings, {
    // One user for all three: each reads what the one before left. The group owns the uploads.
    ...podDefaults(settings, { ...POSTGRES_USER, volumes: GLITCHTIP_USER.group, callsInternet: topologyOf(settings).backup === 's3' }),
    restartPolicy: 'Never',
    initContainers: [
      postgresContainer(settings, {
        name: 'dump',
        env: [...dumpLogin(), ...run('AT', 'CONTENT')],
        mounts: [LOGIN_MOUNT],
      }),
      postgresContainer(settings, { name: 'restore', env: run('AT', 'CONTENT'), mounts: [] }),
    ],
    containers: [storeContainer(settings, {
      name: 'store', bundle, volumeMount: {},
      env: [...variables(programVariables(settings)), ...run('COPY', 'EXPECTED', 'RECHECK')],
      mounts: [{ name: 'uploads', mountPath: PATHS.uploads, readOnly: true }, ...(isEncrypted(settings) ? [{ name: 'settings', mountPath: PATHS.settings, readOnly: true }] : [])],
    })],
    volumes: [
      ...sharedVolumes(settings, bundle), dumpLoginFiles(), claimed('uploads', CLAIMS.uploads), storeVolume(settings),
      ...(isEncrypted(settings) ? [settingsOfTheCopy()] : []),
    ],
  });
}

/** As backup/environment.ts reads them. */
function programVariables(settings: Settings): Record<string, string> {
  const { version, backup: { recipients, keep } } = settings;
  return {
    RELEASE: version, WORK: PATHS.work, ...storeVariables(settings), RECIPIENTS: recipients.join(','), UPLOADS: PATHS.uploads, SETTINGS: isEncrypted(settings) ? PATHS.settings : '',
    KEEP_DAYS: String(keep.days), KEEP_NEWEST: String(keep.newest), KEEP_MONTHS: String(keep.months),
  };
}

function isEncrypted({ backup: { recipients } }: Settings): boolean {
  return recipients.length > 0;
}

/** What a restored database is of no use without, or only with new sessions: files that belong to each encrypted copy, and to no other. */
function settingsOfTheCopy(): k8s.Volume {
  const keys = (names: readonly string[]) => names.map((key) => ({ key, path: key }));
  return {
    name: 'settings',
    projected: {
      defaultMode: 0o440,
      sources: [
        { secret: { name: SECRETS.application, items: keys(['SECRET_KEY']) } },
        // There are none before the first rotation.
        { secret: { name: SECRETS.application, items: keys(['SECRET_KEY_FALLBACKS']), optional: true } },
        { configMap: { name: CONFIG_MAPS.settings, items: keys(['glitchtip.yaml']) } },
      ],
    },
  };
}
