// Rehearsal: the pods of the Job that lets a release's migrations run on a copy, in a server of their own (operator/core/rehearsal/). One
// template for each release that can be tried: the one that runs, of which nothing must be left to migrate, and the next.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { rehearsalBases, rehearsedReleases, type Release } from '../../operator/api/glitchtip-releases.js';
import { RESTORE_SECRET, RESTORE_SECRET_KEYS, rehearsalTemplate } from '../../operator/api/object-names.js';
import { CONFIG_MAPS, DATABASE, labelsOf } from '../part-names.js';
import { releaseFacts } from '../releases.js';
import type { Settings } from '../settings/schema.js';
import { topologyOf } from '../topology.js';
import { GLITCHTIP_USER, glitchtipImage, runtimeCommand, unlessDatabase } from './application-container.js';
import { LOGIN_MOUNT, PATHS, dumpLogin, dumpLoginFiles, hashes, postgresContainer, sharedVolumes, storeContainer, storeVariables, storeVolume, variables } from './copy-pods.js';
import { CONFIG_HASH, CONTAINER_SECURITY, SMALL_TMP, configFiles, containerResources, contentHash, optionalSecretFiles, partMetadata, podDefaults, scratch } from './pod-template.js';
import { POSTGRES_USER } from './postgres.js';
import type { ProgramBundle } from './program-bundle.js';
import { runtimeHash } from './runtime-helpers.js';
import { withWayOut } from './way-out.js';

/** What the server and whoever migrates on it have in common. */
const HANDOVER: k8s.VolumeMount = { name: 'handover', mountPath: '/handover' };
/** Of the server in the pod, which nothing outside reaches: it asks nobody for a password, and GlitchTip wants one to be set. */
const OWN_SERVER = { DATABASE_HOST: '127.0.0.1', DATABASE_PORT: String(DATABASE.port), DATABASE_NAME: 'restored', DATABASE_USER: DATABASE.name, DATABASE_PASSWORD: 'none' };

export class Rehearsal extends Construct {
  /** @param bundle of the backup: its program fetches */
  constructor(scope: Construct, id: string, private readonly settings: Settings, private readonly bundle: ProgramBundle) {
    super(scope, id);
    for (const release of rehearsedReleases(settings.version)) this.addTemplate(release);
  }

  private addTemplate(release: Release): void {
    const hash = contentHash(JSON.stringify([hashes(this.bundle), runtimeHash()]));
    new k8s.KubePodTemplate(this, release, {
      metadata: partMetadata(rehearsalTemplate(release), 'rehearsal'),
      template: { metadata: { labels: labelsOf('rehearsal'), annotations: { [CONFIG_HASH]: hash } }, spec: this.podSpec(release) },
    });
  }

  private podSpec(release: Release): k8s.PodSpec {
    const { settings, bundle } = this;
    const identity = { name: 'identity', mountPath: PATHS.identity, readOnly: true };
    return withWayOut(settings, {
      ...podDefaults(settings, { ...POSTGRES_USER, volumes: GLITCHTIP_USER.group, callsInternet: topologyOf(settings).backup === 's3' }),
      restartPolicy: 'Never',
      initContainers: [
        // An image that cannot be had is told before anything is dumped.
        this.glitchtip('image', release, ['true']),
        storeContainer(settings, {
          name: 'fetch', bundle, volumeMount: { readOnly: true },
          env: variables({ TASK: 'fetch', OR_DUMP: 'true', COPY: 'latest', RELEASE: rehearsalBases(release).join(','), WORK: PATHS.work, ...storeVariables(settings), IDENTITY: `${PATHS.identity}/${RESTORE_SECRET_KEYS.identity}` }),
          mounts: [identity],
        }),
        postgresContainer(settings, { name: 'dump', env: [...dumpLogin(), ...variables({ AT: 'now', UNLESS_FETCHED: 'true' })], mounts: [LOGIN_MOUNT] }),
        postgresContainer(settings, { name: 'restore', env: variables({ AT: 'now', OWNER: DATABASE.name, KEEP: 'true' }), mounts: [] }),
      ],
      containers: [
        postgresContainer(settings, { name: 'server', env: variables({ HANDOVER: HANDOVER.mountPath, PORT: OWN_SERVER.DATABASE_PORT }), mounts: [HANDOVER] }, 'rehearse'),
        this.glitchtip('migrate', release, runtimeCommand('rehearse.py')),
      ],
      volumes: [
        ...sharedVolumes(settings, bundle), dumpLoginFiles(), storeVolume(settings), optionalSecretFiles('identity', RESTORE_SECRET, [RESTORE_SECRET_KEYS.identity]),
        scratch(HANDOVER.name, '1Mi'), configFiles('runtime', CONFIG_MAPS.runtime), scratch('glitchtip-tmp', SMALL_TMP),
      ],
    });
  }

  /** As the migrate Job runs it, but for its servers: no credential, and no Valkey. */
  private glitchtip(name: 'image' | 'migrate', release: Release, command: readonly string[]): k8s.Container {
    const { settings } = this;
    return {
      name,
      image: imageOf(settings, release),
      imagePullPolicy: 'IfNotPresent',
      command: [...command],
      env: [...variables({ ...OWN_SERVER, HANDOVER: HANDOVER.mountPath }), ...unlessDatabase(settings, { process: { env: releaseFacts(release).migrate, connections: 2 }, resources: settings.resources.migrate })],
      resources: containerResources(settings.resources.migrate),
      securityContext: { ...CONTAINER_SECURITY, runAsUser: GLITCHTIP_USER.user, runAsGroup: GLITCHTIP_USER.group },
      volumeMounts: [{ name: 'runtime', mountPath: '/glitchkeeper', readOnly: true }, { name: 'glitchtip-tmp', mountPath: '/tmp' }, HANDOVER],
    };
  }
}

function imageOf(settings: Settings, release: Release): string {
  if (release === settings.version) return glitchtipImage(settings);
  return settings.images.rehearsal ?? `docker.io/glitchtip/glitchtip:${releaseFacts(release).tag}`;
}
