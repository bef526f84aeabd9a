// The stack, as a table of contents: what runs GlitchTip, part by part.
import { Construct } from 'constructs';
import { Migrate } from './migrate.js';
import { CLAIMS } from './names.js';
import { Network } from './network.js';
import { Postgres } from './postgres.js';
import { Runtime } from './runtime.js';
import { ServiceAccounts } from './service-accounts.js';
import type { Settings } from './settings.js';
import { Volume } from './storage.js';
import { topologyOf } from './topology.js';
import { Valkey } from './valkey.js';
import { Web } from './web.js';
import { Worker } from './worker.js';

/** GlitchTip with all that it needs but the operator, which makes its Secrets. */
export class GlitchTip extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { worker, valkey } = topologyOf(settings);
    const { storage } = settings;

    new ServiceAccounts(this, 'accounts');
    new Network(this, 'network', settings);
    new Runtime(this, 'runtime');
    // Web writes uploads, the worker reads them.
    new Volume(this, 'uploads', { name: CLAIMS.uploads, component: 'web', size: storage.uploads, className: storage.className });
    new Postgres(this, 'postgres', settings);
    if (valkey) new Valkey(this, 'valkey', settings);
    new Migrate(this, 'migrate', settings);
    new Web(this, 'web', settings);
    if (worker !== undefined) new Worker(this, 'worker', settings, worker);
  }
}
