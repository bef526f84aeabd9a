// Move: the pods of the Job that imports from an old Sentry, by GlitchTip's own importer (operator/core/move/). Made where settings name one.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { MOVE_SECRET, MOVE_SECRET_KEYS, MOVE_TEMPLATE } from '../../operator/api/object-names.js';
import { readAsset } from '../assets.js';
import { CONFIG_MAPS, labelsOf } from '../part-names.js';
import { releaseFacts } from '../releases.js';
import type { Settings } from '../settings/schema.js';
import { GLITCHTIP_USER, applicationContainer, applicationVolumes } from './application-container.js';
import { CONFIG_HASH, configFiles, contentHash, optionalSecretFiles, partMetadata, podDefaults } from './pod-template.js';
import { runtimeHash } from './runtime-helpers.js';
import { withWayOut } from './way-out.js';

const SCRIPTS = ['import_old.py', 'old_server.py', 'own_numbers.py'] as const;
const SCRIPTS_PATH = '/glitchkeeper-move';
const SECRET_PATH = '/run/secrets/move';

export class Move extends Construct {
  constructor(scope: Construct, id: string, private readonly settings: Settings) {
    super(scope, id);
    new k8s.KubeConfigMap(this, 'scripts', { metadata: partMetadata(CONFIG_MAPS.moveScripts, 'move'), data: scripts() });
    new k8s.KubePodTemplate(this, 'template', {
      metadata: partMetadata(MOVE_TEMPLATE, 'move'),
      template: {
        metadata: { labels: labelsOf('move'), annotations: { [CONFIG_HASH]: contentHash(JSON.stringify([scripts(), runtimeHash()])) } },
        spec: withWayOut(settings, {
          ...podDefaults(settings, { ...GLITCHTIP_USER, callsInternet: true }),
          restartPolicy: 'Never',
          containers: [this.container()],
          // The token is a person's: without it the program says what is missing, and a pod that waits for it says nothing.
          volumes: [...applicationVolumes(), configFiles('scripts', CONFIG_MAPS.moveScripts), optionalSecretFiles('move', MOVE_SECRET, [MOVE_SECRET_KEYS.token])],
        }),
      },
    });
  }

  /** As large as the migrate Job, and never beside one: the lock of operations lets one of them be. */
  private container(): k8s.Container {
    const { settings: { version, resources, move: { from = '', organization = '' } } } = this;
    const container = applicationContainer(this.settings, {
      name: 'import', process: { env: releaseFacts(version).migrate, connections: 2 }, resources: resources.migrate, command: ['python', `${SCRIPTS_PATH}/import_old.py`],
    });
    return {
      ...container,
      // The token is in a file, and no argument.
      env: [...container.env ?? [], ...Object.entries({ OLD_SERVER: from, OLD_ORGANIZATION: organization, TOKEN_FILE: `${SECRET_PATH}/${MOVE_SECRET_KEYS.token}` }).map(([name, value]) => ({ name, value }))],
      volumeMounts: [...container.volumeMounts ?? [], { name: 'scripts', mountPath: SCRIPTS_PATH, readOnly: true }, { name: 'move', mountPath: SECRET_PATH, readOnly: true }],
    };
  }
}

function scripts(): Record<string, string> {
  return Object.fromEntries(SCRIPTS.map((name) => [name, readAsset(`runtime/${name}`).toString('utf8')]));
}
