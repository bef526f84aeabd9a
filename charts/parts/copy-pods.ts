// What the pods of a backup, a restore and a rehearsal share: their programs and scripts, the store of the copies, and the variables of one run.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { S3_CREDENTIAL_KEYS } from '../../backup/environment.js';
import { readAsset } from '../assets.js';
import { backupLoginName } from '../../operator/api/object-names.js';
import { CLAIMS, CONFIG_MAPS, DATABASE, SECRETS } from '../part-names.js';
import { PROGRAMS, commandOf } from '../programs.js';
import { bytesOf, mebibytes } from '../quantity.js';
import type { Settings } from '../settings/schema.js';
import { topologyOf } from '../topology.js';
import { CONFIG_HASH, CONTAINER_SECURITY, configFiles, containerResources, contentHash, optionalSecretFiles, scratch, secretFiles } from './pod-template.js';
import type { ProgramBundle } from './program-bundle.js';
import { claimed } from './volume-claim.js';

const SCRIPTS = ['dump.sh', 'facts.sql', 'load.sh', 'rehearse.sh', 'restore.sh', 'server.sh', 'steps.sh'] as const;
/** Mount points; those from `work` on are variables of the programs (backup/environment.ts, backup/restore/environment.ts). */
export const PATHS = {
  scripts: '/opt/backup', login: '/run/secrets/backup', bucket: '/run/secrets/backup-store', work: '/work', copies: '/backups', uploads: '/uploads', settings: '/run/settings', identity: '/run/secrets/restore',
} as const;
/** Of a pod, beside its work. */
const TMP = '64Mi';

interface OwnContainer {
  readonly name: string;
  readonly env: k8s.EnvVar[];
  readonly mounts: readonly k8s.VolumeMount[];
}

export function scripts(): Record<string, string> {
  return Object.fromEntries(SCRIPTS.map((name) => [name, readAsset(`backup/postgres/${name}`).toString('utf8')]));
}

/** Other programs are another template. */
export function hashes({ annotations }: ProgramBundle): Record<string, string> {
  return { [CONFIG_HASH]: contentHash(JSON.stringify([scripts(), annotations])) };
}

/** In the server's own image: what reads and writes dumps must not be older than the server. @param script of the same name, unless it is said */
export function postgresContainer(settings: Settings, { name, env, mounts }: OwnContainer, script = name): k8s.Container {
  return {
    ...container(settings, name),
    image: settings.images.postgres,
    command: ['bash', `${PATHS.scripts}/${script}.sh`],
    env,
    volumeMounts: [{ name: 'scripts', mountPath: PATHS.scripts, readOnly: true }, ...writable(), ...mounts],
  };
}

export const LOGIN_MOUNT: k8s.VolumeMount = { name: 'login', mountPath: PATHS.login, readOnly: true };

/** The live database, and the login that may read all of it. */
export function dumpLogin(): k8s.EnvVar[] {
  return variables({ PGHOST: 'postgres', PGPORT: String(DATABASE.port), PGDATABASE: DATABASE.name, PGUSER: backupLoginName(DATABASE.name), PASSWORD_FILE: `${PATHS.login}/database-password` });
}

/** What {@link LOGIN_MOUNT} has of it. */
export function dumpLoginFiles(): k8s.Volume {
  return secretFiles(LOGIN_MOUNT.name, SECRETS.backup, ['database-password']);
}

/** The program (backup/main.ts), with the store. */
export function storeContainer(settings: Settings, { volumeMount, bundle, name, env, mounts }: OwnContainer & { readonly bundle: ProgramBundle; readonly volumeMount: Pick<k8s.VolumeMount, 'readOnly'> }): k8s.Container {
  const isBucket = topologyOf(settings).backup === 's3';
  const store: k8s.VolumeMount = isBucket ? { name: 'bucket', mountPath: PATHS.bucket, readOnly: true } : { name: 'copies', mountPath: PATHS.copies, ...volumeMount };
  return {
    ...container(settings, name),
    image: settings.images.operator,
    command: [...commandOf(PROGRAMS.backup)],
    env,
    volumeMounts: [...bundle.mounts, ...writable(), ...mounts, store],
  };
}

/** Of every container, and of the bundle. */
export function sharedVolumes({ backup }: Settings, { volumes }: ProgramBundle): k8s.Volume[] {
  return [scratch('work', backup.scratch), scratch('tmp', TMP), configFiles('scripts', CONFIG_MAPS.backupScripts), ...volumes];
}

/** Without the keys of a bucket the program says what is missing; a pod that waits for them says nothing. */
export function storeVolume(settings: Settings): k8s.Volume {
  return topologyOf(settings).backup === 's3' ? optionalSecretFiles('bucket', settings.backup.s3.secret, S3_CREDENTIAL_KEYS) : claimed('copies', CLAIMS.backups);
}

/** As backup/environment.ts reads them. */
export function storeVariables(settings: Settings): Record<string, string> {
  const { s3 } = settings.backup;
  return topologyOf(settings).backup === 's3' ? {
    S3_ENDPOINT: s3.endpoint ?? '', S3_BUCKET: s3.bucket ?? '', S3_PREFIX: s3.prefix, S3_REGION: s3.region, S3_STYLE: s3.style, S3_HEADERS: JSON.stringify(s3.headers), S3_CREDENTIALS_DIR: PATHS.bucket,
  } : { FOLDER: PATHS.copies };
}

/** An empty value is dropped by the API server, and so "configured" by each apply. */
export function variables(values: Readonly<Record<string, string>>): k8s.EnvVar[] {
  return Object.entries(values).filter(([, value]) => value !== '').map(([name, value]) => ({ name, value }));
}

/** What differs from run to run: the pods may not. */
export function ofTheRun(configMap: string, ...names: readonly string[]): k8s.EnvVar[] {
  return names.map((name) => ({ name, valueFrom: { configMapKeyRef: { name: configMap, key: name } } }));
}

function container(settings: Settings, name: string): k8s.Container {
  const room = `${mebibytes(bytesOf(settings.backup.scratch)) + mebibytes(bytesOf(TMP))}Mi`;
  return { name, imagePullPolicy: 'IfNotPresent', resources: containerResources(settings.resources.backup, room), securityContext: CONTAINER_SECURITY };
}

function writable(): k8s.VolumeMount[] {
  return [{ name: 'work', mountPath: PATHS.work }, { name: 'tmp', mountPath: '/tmp' }];
}
