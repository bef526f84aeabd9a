// Puts the control port together from what the gateway already has.
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { CONTROL_TOKEN } from './control-answers.js';
import { ControlRoutes, type RoutesPorts } from './control-routes.js';
import { createControl, type ControlPorts } from './control-server.js';
import { ControlToken } from './control-token.js';
import { observeStatus, type Observed } from './observe-status.js';
import { Records, type RecordsPorts } from './records.js';

export type ControlParts = Observed & Pick<ControlPorts, 'problem' | 'metrics'> & Omit<RecordsPorts, 'pause'> & Pick<RoutesPorts, 'hold' | 'keep' | 'turn' | 'workerStart' | 'moving' | 'log'> & {
  /** Folder with the token. */
  readonly credentials: string;
};

export function openControl(parts: ControlParts): Server {
  const { name, problem, metrics, credentials, log, now } = parts;
  const token = new ControlToken(() => readFileSync(join(credentials, CONTROL_TOKEN), 'utf8'), log);
  const records = new Records({ ...parts, pause: () => setImmediate() });
  const routes = new ControlRoutes({ ...parts, records, status: () => observeStatus(parts, now()) });
  return createControl({ name, problem, metrics, token, routes, log });
}
