// Backup: the pods of the Job that dumps, restores, verifies and stores a copy. The operator makes one for each run (operator/core/backup/).
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { backupLoginName } from '../../operator/api/object-names.js';
import { S3_CREDENTIAL_KEYS } from '../../backup/environment.js';
import { readAsset } from '../assets.js';
import { BACKUP_TEMPLATE, CLAIMS, CONFIG_MAPS, DATABASE, SECRETS, labelsOf } from '../part-names.js';
import { PROGRAMS, commandOf } from '../programs.js';
import { bytesOf, mebibytes } from '../quantity.js';
import type { Settings } from '../settings/schema.js';
import { topologyOf } from '../topology.js';
import { GLITCHTIP_USER } from './application-container.js';
import { CONFIG_HASH, CONTAINER_SECURITY, configFiles, containerResources, contentHash, optionalSecretFiles, partMetadata, podDefaults, scratch, secretFiles } from './pod-template.js';
import { POSTGRES_USER } from './postgres.js';
import { ProgramBundle } from './program-bundle.js';
import { Volume, claimed } from './volume-claim.js';

const SCRIPTS = ['dump.sh', 'facts.sql', 'restore.sh', 'steps.sh'] as const;
/** Mount points; the last three are variables of the program (backup/environment.ts). */
const PATHS = {
  scripts: '/opt/backup', login: '/run/secrets/backup', bucket: '/run/secrets/backup-store', work: '/work', copies: '/backups', uploads: '/uploads', settings: '/run/settings',
} as const;
/** Of a pod, beside its work. */
const TMP = '64Mi';

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
  }
}

function scripts(): Record<string, string> {
  return Object.fromEntries(SCRIPTS.map((name) => [name, readAsset(`backup/postgres/${name}`).toString('utf8')]));
}

/** Other programs are another template. */
function hashes({ annotations }: ProgramBundle): Record<string, string> {
  return { [CONFIG_HASH]: contentHash(JSON.stringify([scripts(), annotations])) };
}

function podSpec(settings: Settings, bundle: ProgramBundle): k8s.PodSpec {
  const { backup: store } = topologyOf(settings);
  const { backup } = settings;
  return {
    // One user for all three: each reads what the one before left. The group owns the uploads.
    ...podDefaults(settings, { ...POSTGRES_USER, volumes: GLITCHTIP_USER.group, callsInternet: store === 's3' }),
    restartPolicy: 'Never',
    initContainers: [
      postgresContainer(settings, {
        name: 'dump',
        env: [
          ...variables({ PGHOST: 'postgres', PGPORT: String(DATABASE.port), PGDATABASE: DATABASE.name, PGUSER: backupLoginName(DATABASE.name), PASSWORD_FILE: `${PATHS.login}/database-password` }),
          ...ofTheRun('AT', 'CONTENT'),
        ],
        mounts: [{ name: 'login', mountPath: PATHS.login, readOnly: true }],
      }),
      postgresContainer(settings, { name: 'restore', env: ofTheRun('AT', 'CONTENT'), mounts: [] }),
    ],
    containers: [storeContainer(settings, bundle.mounts)],
    volumes: [
      scratch('work', backup.scratch), scratch('tmp', TMP), configFiles('scripts', CONFIG_MAPS.backupScripts), secretFiles('login', SECRETS.backup, ['database-password']),
      ...bundle.volumes, claimed('uploads', CLAIMS.uploads),
      // Without it the program says what is missing; a pod that waits for it says nothing.
      store === 's3' ? optionalSecretFiles('bucket', backup.s3.secret, S3_CREDENTIAL_KEYS) : claimed('copies', CLAIMS.backups),
      ...(isEncrypted(settings) ? [settingsOfTheCopy()] : []),
    ],
  };
}

interface PostgresContainer {
  readonly name: 'dump' | 'restore';
  readonly env: k8s.EnvVar[];
  readonly mounts: readonly k8s.VolumeMount[];
}

/** In the server's own image: pg_dump must not be older than the server. */
function postgresContainer(settings: Settings, { name, env, mounts }: PostgresContainer): k8s.Container {
  return {
    ...container(settings, name),
    image: settings.images.postgres,
    command: ['bash', `${PATHS.scripts}/${name}.sh`],
    env,
    volumeMounts: [{ name: 'scripts', mountPath: PATHS.scripts, readOnly: true }, ...writable(), ...mounts],
  };
}

function storeContainer(settings: Settings, bundleMounts: readonly k8s.VolumeMount[]): k8s.Container {
  const where: k8s.VolumeMount = topologyOf(settings).backup === 's3' ? { name: 'bucket', mountPath: PATHS.bucket, readOnly: true } : { name: 'copies', mountPath: PATHS.copies };
  return {
    ...container(settings, 'store'),
    image: settings.images.operator,
    command: [...commandOf(PROGRAMS.backup)],
    env: [...variables(programVariables(settings)), ...ofTheRun('COPY', 'EXPECTED', 'RECHECK')],
    volumeMounts: [
      ...bundleMounts, ...writable(), { name: 'uploads', mountPath: PATHS.uploads, readOnly: true }, where,
      ...(isEncrypted(settings) ? [{ name: 'settings', mountPath: PATHS.settings, readOnly: true }] : []),
    ],
  };
}

function container(settings: Settings, name: string): k8s.Container {
  const room = `${mebibytes(bytesOf(settings.backup.scratch)) + mebibytes(bytesOf(TMP))}Mi`;
  return { name, imagePullPolicy: 'IfNotPresent', resources: containerResources(settings.resources.backup, room), securityContext: CONTAINER_SECURITY };
}

function writable(): k8s.VolumeMount[] {
  return [{ name: 'work', mountPath: PATHS.work }, { name: 'tmp', mountPath: '/tmp' }];
}

/** As backup/environment.ts reads them. */
function programVariables(settings: Settings): Record<string, string> {
  const { version, backup: { recipients, keep, s3 } } = settings;
  const store: Record<string, string> = topologyOf(settings).backup === 's3' ? {
    S3_ENDPOINT: s3.endpoint ?? '', S3_BUCKET: s3.bucket ?? '', S3_PREFIX: s3.prefix, S3_REGION: s3.region, S3_STYLE: s3.style, S3_HEADERS: JSON.stringify(s3.headers), S3_CREDENTIALS_DIR: PATHS.bucket,
  } : { FOLDER: PATHS.copies };
  return {
    RELEASE: version, WORK: PATHS.work, ...store, RECIPIENTS: recipients.join(','), UPLOADS: PATHS.uploads, SETTINGS: isEncrypted(settings) ? PATHS.settings : '',
    KEEP_DAYS: String(keep.days), KEEP_NEWEST: String(keep.newest), KEEP_MONTHS: String(keep.months),
  };
}

/** An empty value is dropped by the API server, and so "configured" by each apply. */
function variables(values: Readonly<Record<string, string>>): k8s.EnvVar[] {
  return Object.entries(values).filter(([, value]) => value !== '').map(([name, value]) => ({ name, value }));
}

/** What differs from run to run: the pods may not. */
function ofTheRun(...names: readonly string[]): k8s.EnvVar[] {
  return names.map((name) => ({ name, valueFrom: { configMapKeyRef: { name: CONFIG_MAPS.backupRun, key: name } } }));
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
