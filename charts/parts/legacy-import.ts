// Legacy import: the pods of the Job that brings events of the release before to where this one looks for them (operator/core/upgrade/legacy-import.ts).
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { LEGACY_IMPORT_COMPONENT, LEGACY_IMPORT_TEMPLATE } from '../../operator/api/object-names.js';
import { labelsOf } from '../part-names.js';
import { releaseFacts } from '../releases.js';
import type { Settings } from '../settings/schema.js';
import { GLITCHTIP_USER, applicationContainer, applicationVolumes, runtimeCommand } from './application-container.js';
import { partMetadata, podDefaults } from './pod-template.js';
import { runtimeHash } from './runtime-helpers.js';

export class LegacyImport extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    // As large as the migrate Job, and never beside one: the lock of operations lets one of them be.
    const container = applicationContainer(settings, {
      name: 'import', process: { env: releaseFacts(settings.version).migrate, connections: 2 }, resources: settings.resources.migrate, command: runtimeCommand('import_legacy.py'),
    });
    new k8s.KubePodTemplate(this, 'template', {
      metadata: partMetadata(LEGACY_IMPORT_TEMPLATE, LEGACY_IMPORT_COMPONENT),
      template: {
        metadata: { labels: labelsOf(LEGACY_IMPORT_COMPONENT), annotations: runtimeHash() },
        spec: { ...podDefaults(settings, GLITCHTIP_USER), restartPolicy: 'Never', containers: [container], volumes: applicationVolumes() },
      },
    });
  }
}
