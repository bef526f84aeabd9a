// Migrate: a Job that brings the database to the image's schema, then makes the first administrator.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { VERSION_LABEL, WAIT_FOR_DATABASE } from '../../operator/api/object-names.js';
import { GLITCHTIP_USER, applicationContainer, applicationVolumes, runtimeCommand, withUpgrade } from './application-container.js';
import { MIGRATE_TEMPLATE, SECRETS, labelsOf } from '../part-names.js';
import { contentHash, partMetadata, podDefaults, secretFiles } from './pod-template.js';
import { runtimeHash } from './runtime-helpers.js';
import type { Settings } from '../settings/schema.js';
import { releaseFacts, type Process } from '../releases.js';

/** Without the variables of web and worker: a change of theirs must not start a new Job. */
const managementProcess = ({ version }: Settings): Process => ({ env: releaseFacts(version).migrate, connections: 2 });

/**
 * Only what hangs gets there: a real migration of a large database takes hours at most, and one that is ended half-way is worse than
 * one that is waited for. A Job whose pod cannot even start is judged by the operator long before (operator/core/operations/job-state.ts).
 * Seconds.
 *
 * There is no ttlSecondsAfterFinished: a finished Job holds nothing of the quota, a repair runs its pods again, and what applies the
 * manifests again and again (Argo CD, Flux) would make, and so run, a deleted one anew each time, in the middle of a restore too.
 */
const DEADLINE = 24 * 3_600;

export class Migrate extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const template = podTemplate(settings);
    // A Job cannot be changed: a new image or command must be a new Job. Credentials are files, so they never change the name.
    const name = `migrate-${contentHash(JSON.stringify(template))}`;

    new k8s.KubeJob(this, 'job', {
      metadata: withVersion(partMetadata(name, 'migrate', [
        { check: 'container-security-context-user-group-id', reason: "5000 is the user of GlitchTip's image" },
        { check: 'container-image-pull-policy', reason: 'tags are fixed, and a host without a way out must start again' },
      ]), settings),
      spec: {
        activeDeadlineSeconds: DEADLINE,
        backoffLimit: 10,
        completions: 1,
        parallelism: 1,
        template,
      },
    });
    // A repair runs these pods once more, and the operator may make Jobs of no others (charts/parts/admission-policies.ts).
    new k8s.KubePodTemplate(this, 'template', { metadata: partMetadata(MIGRATE_TEMPLATE, 'migrate'), template });
  }
}

/** So that the operator can tell a Job of another release, which waits, from the one that these manifests are about. */
function withVersion(metadata: k8s.ObjectMeta, { version }: Settings): k8s.ObjectMeta {
  return { ...metadata, labels: { ...metadata.labels, [VERSION_LABEL]: version } };
}

function podTemplate(settings: Settings): k8s.PodTemplateSpec {
  const resources = settings.resources.migrate;
  const process = managementProcess(settings);
  const administrator = applicationContainer(settings, {
    name: 'administrator', process, resources, command: runtimeCommand('administrator.py', ...(settings.administrator.promote ? ['promote'] : [])),
  });
  return {
    metadata: { labels: labelsOf('migrate'), annotations: runtimeHash() },
    spec: {
      ...podDefaults(settings, GLITCHTIP_USER),
      restartPolicy: 'OnFailure',
      initContainers: [
        // A container of its own, so that the operator sees that nothing is migrated yet (operator/core/operations/job-state.ts).
        withUpgrade(applicationContainer(settings, { name: WAIT_FOR_DATABASE, process, resources, command: runtimeCommand('wait.py', 'database', settings.version) })),
        applicationContainer(settings, { name: 'migrate', process, resources, command: ['./bin/run-migrate.sh'] }),
      ],
      containers: [{
        ...administrator,
        volumeMounts: [...administrator.volumeMounts ?? [], { name: 'administrator', mountPath: '/run/secrets/administrator', readOnly: true }],
      }],
      volumes: [...applicationVolumes(), secretFiles('administrator', SECRETS.administrator)],
    },
  };
}
