// A name beside that of `domain` at which events are taken and nothing else, such as the one of an old Sentry: by its own certificate, and stored.
import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { SettingsInput } from '../../../charts/settings/schema.js';
import { authHeader, parseDsn } from '../../sdk/dsn.js';
import { envelope, newRunId } from '../../sdk/load.js';
import { byAcme } from '../support/https-apply.js';
import { OLD_NAME, type HttpsEdge } from '../support/https-edge.js';
import { untilStored } from '../support/stored-events.js';
import { waitFor, when } from '../support/wait.js';
import type { Installed } from './on-pods.js';

const SCENE_MS = 600_000;

interface Tools {
  readonly edge: () => HttpsEdge;
  /** synth, the host file, apply; when that was. */
  readonly apply: (label: string, https: SettingsInput['https']) => Promise<number>;
}

export function describeEventNames({ stack, dsn }: Installed, { edge, apply }: Tools): void {
  it('by a name for events alone, which has a certificate of its own: an event is stored, and a person finds nothing there', async () => {
    const target = parseDsn(dsn());
    if (!target.ok) throw new Error('no DSN of the project');
    const [{ projectId }, runId, eventId] = [target.dsn, newRunId(), randomUUID().replaceAll('-', '')];
    await apply('https-event-names', { ...byAcme(edge()), eventNames: [OLD_NAME] });
    await stack.rolledOut();
    const event = {
      url: `https://${OLD_NAME}/api/${projectId}/envelope/`, method: 'POST' as const, headers: { 'x-sentry-auth': authHeader(target.dsn) },
      body: envelope(eventId, runId, 1),
    };
    // A client that trusts the authority alone: an answer is by a certificate of this name.
    await waitFor<true>({ what: `an event by ${OLD_NAME} to be taken`, seconds: 120 }, async () => {
      const [taken] = await edge().ask([event]);
      return when(taken?.status === 200, JSON.stringify(taken));
    });
    const [login] = await edge().ask([{ url: `https://${OLD_NAME}/login` }]);
    expect(login?.status).toBe(404);
    await untilStored(stack, { runId, eventId });
  }, SCENE_MS);
}
