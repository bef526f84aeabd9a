// The names that the parts know each other by, in one place.
import { BACKUP_RUN, HOLD, POSTGRES_SUPERUSER, RESTORE_RUN, SERVICES, UPGRADE_STEP } from '../operator/api/object-names.js';

/** The parts of the stack; each is a value of the label app.kubernetes.io/component. */
export type Component = 'web' | 'worker' | 'migrate' | 'postgres' | 'valkey' | 'operator' | 'gateway' | 'tunnel' | 'backup' | 'rehearsal' | 'restore' | 'legacy-import' | 'move';

/** Secrets are made by the operator, in the cluster: no manifest holds a value. */
export { DEFAULT_SECRET_NAMES as SECRETS } from '../operator/api/object-names.js';

export const CONFIG_MAPS = {
  /** Python helpers for GlitchTip's containers */
  runtime: 'glitchtip-runtime',
  /** Made by the operator for an upgrade, and in no manifest: key `step` names the one that is meant (runtime/release_guard.py). */
  upgrade: UPGRADE_STEP.configMap,
  /** Without data: the operator writes there what holds web and worker, and apply leaves that alone. */
  hold: HOLD.configMap,
  valkey: 'valkey-config',
  /** The operator's compressed JavaScript */
  bundle: 'glitchkeeper-bundle',
  /** The gateway's. */
  gatewayBundle: 'gateway-bundle',
  /** Of the program that stores copies. */
  backupBundle: 'backup-bundle',
  /** What dumps and restores, for the postgres image. */
  backupScripts: 'backup-scripts',
  /** Without data: what the operator writes there, apply leaves alone. */
  backupRun: BACKUP_RUN,
  /** As backupRun. */
  restoreRun: RESTORE_RUN,
  /** What imports from an old Sentry, for GlitchTip's image. */
  moveScripts: 'move-scripts',
  /** The GlitchTip resource that the operator applies */
  settings: 'glitchkeeper-settings',
} as const;

/** ServiceAccount of all pods but the operator's: no token, no rights. */
export const POD_ACCOUNT = 'glitchtip';
export { BACKUP_TEMPLATE, MIGRATE_TEMPLATE, OPERATOR_DEPLOYMENT as OPERATOR } from '../operator/api/object-names.js';
/** The resource that `kubectl get gt` shows. */
export const RESOURCE = 'glitchtip';
export const CLAIMS = { postgres: 'postgres-data', valkey: 'valkey-data', uploads: 'uploads', spool: 'spool', backups: 'backups' } as const;

export const DATABASE = { name: 'glitchtip', superuser: POSTGRES_SUPERUSER, port: 5432 } as const;
export const VALKEY_PORT = 6379;
export const OPERATOR_PORT = 9464;
/** Probes, metrics and commands of the gateway. */
export const GATEWAY_CONTROL_PORT = 9465;

/** Service and port 8080 that people and SDKs know: of the gateway where there is one, else of web. */
export const WEB = SERVICES.web;
/** Service of GlitchTip's own web behind the gateway. */
export const WEB_BACKEND = SERVICES.webBackend;
/** Routes of the public name, whatever kind they are of. */
export const HTTPS_ROUTES = { secure: 'glitchtip', plain: 'glitchtip-to-https', eventNames: 'glitchtip-event-names' } as const;
/** Of cloudflared: whether it is connected, metrics. */
export const TUNNEL_PORT = 2000;
/** Deployment and Service of the tunnel. */
export { TUNNEL_SERVICE as TUNNEL } from '../operator/api/object-names.js';
/** Deployment of the gateway. */
export const GATEWAY = 'gateway';

export function labelsOf(component: Component): Record<string, string> {
  return {
    ...selectorOf(component),
    'app.kubernetes.io/part-of': 'glitchtip',
    'app.kubernetes.io/managed-by': 'glitchkeeper',
  };
}

export function selectorOf(component: Component): Record<string, string> {
  return { 'app.kubernetes.io/name': 'glitchtip', 'app.kubernetes.io/component': component };
}
