// The stack, as a table of contents: what runs GlitchTip, part by part.
import { Construct } from 'constructs';
import { Backup } from './parts/backup.js';
import { Gateway } from './parts/gateway.js';
import { LegacyImport } from './parts/legacy-import.js';
import { Migrate } from './parts/migrate.js';
import { Move } from './parts/move.js';
import { CLAIMS } from './part-names.js';
import { NetworkPolicies } from './parts/network-policies.js';
import { Postgres } from './parts/postgres.js';
import { Runtime } from './parts/runtime-helpers.js';
import { ServiceAccounts } from './parts/service-accounts.js';
import type { Settings } from './settings/schema.js';
import { Volume } from './parts/volume-claim.js';
import { topologyOf } from './topology.js';
import { Tunnel } from './parts/tunnel.js';
import { Valkey } from './parts/valkey.js';
import { Web } from './parts/web.js';
import { Worker } from './parts/worker.js';

/** GlitchTip with all that it needs but the operator, which makes its Secrets. */
export class GlitchTip extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { worker, valkey, gateway, tunnel, backup, legacyImport, move } = topologyOf(settings);
    const { storage } = settings;

    new ServiceAccounts(this, 'accounts');
    new NetworkPolicies(this, 'network', settings);
    new Runtime(this, 'runtime');
    // Web writes uploads, the worker reads them.
    new Volume(this, 'uploads', { name: CLAIMS.uploads, component: 'web', size: storage.uploads, className: storage.className });
    new Postgres(this, 'postgres', settings);
    if (valkey) new Valkey(this, 'valkey', settings);
    if (gateway) new Gateway(this, 'gateway', settings);
    new Migrate(this, 'migrate', settings);
    if (legacyImport) new LegacyImport(this, 'legacy-import', settings);
    new Web(this, 'web', settings);
    if (worker !== undefined) new Worker(this, 'worker', settings, worker);
    if (tunnel) new Tunnel(this, 'tunnel', settings);
    if (backup !== undefined) new Backup(this, 'backup', settings);
    if (move) new Move(this, 'move', settings);
  }
}
