// The ConfigMap of small Python helpers that GlitchTip's containers run.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { readAsset } from '../assets.js';
import { CONFIG_MAPS } from '../part-names.js';
import { CONFIG_HASH, contentHash, partMetadata } from './pod-template.js';

const SCRIPTS = ['sitecustomize.py', 'celery_repairs.py', 'certificate_authorities.py', 'database_errors.py', 'email_login.py', 'embedded_worker.py', 'mail_test.py', 'migration_records.py', 'release_guard.py', 'valkey_login.py', 'wait.py', 'warm.py', 'when_imported.py', 'administrator.py', 'rehearse.py', 'import_legacy.py'] as const;

export class Runtime extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new k8s.KubeConfigMap(this, 'scripts', { metadata: partMetadata(CONFIG_MAPS.runtime, 'web'), data: scripts() });
  }
}

/** Annotations for pods that run the scripts, so that a changed script reaches them. */
export function runtimeHash(): Record<string, string> {
  return { [CONFIG_HASH]: contentHash(JSON.stringify(scripts())) };
}

function scripts(): Record<string, string> {
  return Object.fromEntries(SCRIPTS.map((name) => [name, readAsset(`runtime/${name}`).toString('utf8')]));
}
