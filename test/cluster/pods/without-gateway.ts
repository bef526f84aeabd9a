// The gateway taken out of a stack that takes events, and brought back, by the commands of docs/runbooks/gateway-on-and-off.md: a part of the soak.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { cli } from '../support/cli.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { spoolEmpty } from '../support/spool.js';
import { settleStored, sql } from '../support/stored-events.js';
import type { Stack } from '../support/stack.js';
import { waitFor } from '../support/wait.js';

/** What web takes without a gateway, with room for its own rollout. */
const RATE = 40;
const SETTLE_MS = 5_000;
/** The operator looks at everything every 5 minutes; a deleted Secret is no event for it. Seconds. */
const RECONCILED = 330;
const OWN = 'app.kubernetes.io/component=gateway';
const NOT_WEB = 'app.kubernetes.io/component!=web';

export function describeWithoutGateway(stack: Stack, dsn: () => string): void {
  describe(`the gateway at ${RATE} events/s`, () => {
    it('is taken out: no event is refused, what it holds is stored, and its logins are closed', async () => {
      const without = await stack.synthesize('without', { gateway: { enabled: false } });
      await underLoad(stack, dsn(), async () => {
        await stack.apply(without);
        await spoolEmpty(stack);
        await settingsRead(stack);
        await stack.kubectl('delete', 'deployment,service,configmap,pvc', '-l', OWN);
        await stack.kubectl('delete', 'secret', 'glitchtip-gateway');
        for (const workload of ['deployment/web', 'deployment/worker']) await stack.kubectl('rollout', 'status', workload, '--timeout=180s');
      });
      await waitFor<true>({ what: "the gateway's login in Postgres to be closed", seconds: RECONCILED }, async () => {
        const [login] = await sql(stack, "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'glitchtip_gateway'");
        return login === 'f' ? { found: true } : { seen: login ?? 'no role' };
      });
      expect(await stack.secret('glitchtip-valkey', 'users.acl')).not.toMatch(/^user gateway /m);
    }, 600_000);

    it('is brought back: no event is refused', async () => {
      await underLoad(stack, dsn(), async () => {
        await stack.kubectl('apply', '-f', stack.manifests.folder, '-l', NOT_WEB);
        await stack.kubectl('rollout', 'status', 'deployment/gateway', '--timeout=180s');
        await stack.apply(stack.manifests);
        await stack.rolledOut();
      });
      expect(JSON.parse(await cli(stack, 'spool', '--json'))).toMatchObject({ records: { limbo: 0 } });
    }, 600_000);
  });
}

/** Until then the gateway is a part of the resource, and its Secret would be made again. */
async function settingsRead(stack: Stack): Promise<void> {
  await waitFor<true>({ what: 'the operator to read that there is no gateway', seconds: 180, every: 2 }, async () => {
    const gateway = await stack.kubectl('get', 'gt', 'glitchtip', '-o', 'jsonpath={.spec.gateway}');
    return gateway === '' ? { found: true } : { seen: gateway };
  });
}

async function underLoad(stack: Stack, dsn: string, work: () => Promise<void>): Promise<void> {
  const load = startLoad(stack.cluster, { dsn, baseUrl: await stack.baseUrl(), rate: RATE, seconds: 600 });
  await sleep(SETTLE_MS);
  try {
    await work();
    await sleep(SETTLE_MS);
  } finally {
    load.stop();
  }
  const report = await load.report;
  const { sent, accepted, losses } = tellLoad('without a gateway, and back', report);
  expect({ accepted, losses }).toEqual({ accepted: sent, losses: {} });
  const { stored, lost } = await settleStored(stack, report);
  expect({ stored, lost }).toEqual({ stored: sent, lost: [] });
}
