// NetworkPolicies, enforced: who reaches whom, each flow of charts/parts/network-policies.ts allowed and every other refused.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lackingForPolicies } from '../../../embedded/index.js';
import { send } from '../../sdk/http-client.js';
import { ALERT_PORTS } from '../../support/alerts/inside.js';
import { printFigure } from '../support/fault-report.js';
import { CLIENT, FlowEnds, PORT, baseName } from '../support/flow-ends.js';
import { renderFlows, type Flow } from '../support/flows.js';
import { objectsIn } from '../support/manifest-objects.js';
import { withForward } from '../support/project.js';
import type { Stack } from '../support/stack.js';

const both = (server: string): string[] => [server, `${server} (Service)`];
const DNS = ['DNS by UDP', 'DNS by TCP'];
const API = ['API server', 'API server (Service)'];
const DATA = [...both('postgres'), ...both('valkey')];
/** Private networks beside the cluster. */
const BESIDE = ['outside', 'outside by 443'];
/** 0.0.0.0/0 less 169.254.0.0/16, where no policy of the target refuses it. */
const ANYWHERE = [...API, 'kubelet', 'node', 'node by UDP', 'alert receiver', ...BESIDE, 'other namespace', 'internet'];
const GATEWAY = [...both('gateway'), ...both('gateway control')];
const STACK = [...DATA, ...both('web'), ...GATEWAY, ...both('operator'), 'worker', 'migrate', 'backup'];

/** Targets by source. */
type Allowed = Readonly<Record<string, readonly string[]>>;

/** What is open; everything else is not. */
const OPEN: Allowed = {
  gateway: [...DNS, ...DATA, ...both('web')],
  web: [...DNS, ...DATA],
  'worker (internet)': [...DNS, ...DATA, 'internet'],
  migrate: [...DNS, ...DATA],
  'backup (volume)': [...DNS, ...both('postgres')],
  postgres: DNS,
  valkey: DNS,
  // By 443 and 6443 anywhere, for the API server is no pod; and by the ports of alerts.
  operator: [...DNS, ...DATA, ...both('web'), ...GATEWAY, ...API, 'node', 'alert receiver', 'outside by 443'],
  'no part': DNS,
  'other namespace': [...DNS, ...ANYWHERE, 'metadata'],
  // The kubelet's probes, and the proof that something listens.
  node: [...DNS, ...STACK, ...ANYWHERE, 'metadata'],
};

const OPEN_WHEN_CHANGED: Allowed = {
  web: OPEN['web'] ?? [],
  'worker (no internet)': [...DNS, ...DATA, ...BESIDE],
  'backup (bucket)': [...DNS, ...both('postgres'), 'outside'],
  'client namespace': [...DNS, ...ANYWHERE, 'metadata', ...GATEWAY, ...both('operator')],
  'other namespace': OPEN['other namespace'] ?? [],
};

/** By the port of the mail server alone: it is refused at any other. */
const OPEN_FOR_MAIL: Allowed = {
  'web (mail)': [...DNS, ...DATA, 'outside'],
  'worker (mail)': [...DNS, ...DATA, 'internet', 'outside'],
  migrate: OPEN['migrate'] ?? [],
};
const OF_MAIL = ['web-to-mail', 'worker-to-mail'];

/** A private network that has the cluster's own in it: the worker reaches none of that. */
const CLUSTERS = '10.0.0.0/8';
/** Nobody has its identity: no copy is made here. */
const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';

const lacking = await lackingForPolicies();

export function describePolicies(stack: Stack): void {
  const describeEnforced = lacking === undefined ? describe : describe.skip;
  describeEnforced(lacking === undefined ? 'NetworkPolicies' : `NetworkPolicies (not enforced: this machine lacks ${lacking})`, () => {
    const ends = new FlowEnds(stack);
    const tables: Flow[][] = [];
    let started = 0;

    beforeAll(async () => {
      started = Date.now();
      await ends.build();
    }, 120_000);
    afterAll(async () => {
      await ends.clear();
      for (const flows of tables) printFigure(`\n${renderFlows(flows)}`);
      printFigure(`${tables.flat().length} flows, pods made and removed: ${((Date.now() - started) / 1000).toFixed(0)} s`);
    }, 60_000);

    const nothing = (): Promise<unknown> => Promise.resolve();
    const describeFlows = (settings: string, open: Allowed, prepare = nothing, undo = nothing): void => describe(settings, () => {
      let flows: Flow[] = [];
      beforeAll(async () => {
        await prepare();
        flows = await ends.measure(open);
        tables.push(flows);
      }, 60_000);
      afterAll(() => undo(), 60_000);

      it.each(Object.keys(open))('%s reaches what it needs, and nothing else', (from) => {
        expect(openFrom(flows, from)).toEqual(allowed(open, from));
      });
    });

    describeFlows('as the settings are by default', OPEN);
    describeFlows('with one private address instead of the internet for the worker, a bucket at a port of it, and a namespace of clients that monitors', OPEN_WHEN_CHANGED, () => change(stack), () => changeBack(stack));
    describeFlows('with a mail server at a port of a private address', OPEN_FOR_MAIL, () => openForMail(stack), () => stack.kubectl('delete', 'networkpolicy', ...OF_MAIL));

    it('a port-forward passes, as the node does', async () => {
      expect((await withForward(stack, (baseUrl) => send({ url: `${baseUrl}/_health/` }))).status).toBe(200);
    }, 30_000);
  });
}

/** What was found open from a source, in the order of names. */
function openFrom(flows: readonly Flow[], source: string): string[] {
  return flows.filter(({ from, found }) => from === source && found === 'open').map(({ to }) => to).sort();
}

/** What shall be; nothing is asked about itself. */
function allowed(open: Allowed, source: string): string[] {
  return (open[source] ?? []).filter((to) => baseName(to) !== baseName(source)).sort();
}

/** As a person changes the settings: synth, apply, and what is no more in dist/ is deleted by hand. */
async function change(stack: Stack): Promise<void> {
  const { hostAddress } = stack.cluster.network;
  const bucket = { store: 's3' as const, recipients: [RECIPIENT], s3: { endpoint: `http://${hostAddress}:${PORT}`, bucket: 'copies', privateNetworks: [hostAddress] } };
  const settings = { network: { clients: [CLIENT], workerToInternet: false, workerToPrivate: [hostAddress, CLUSTERS] }, monitoring: { from: [CLIENT] }, alerts: { ports: [...ALERT_PORTS] }, backup: bucket };
  await stack.apply(await stack.synthesize('flows', settings));
  await stack.kubectl('delete', 'networkpolicy', 'worker-to-internet');
}

async function changeBack(stack: Stack): Promise<void> {
  await stack.apply(stack.manifests);
  await stack.kubectl('delete', 'networkpolicy', 'web-from-clients', 'operator-from-monitoring', 'gateway-from-monitoring', 'worker-to-private', 'backup-to-bucket');
}

/** The policies of such settings alone: with the rest web and worker would be rolled, and flows are tried from inside the pods that there are. */
async function openForMail(stack: Stack): Promise<void> {
  const { hostAddress } = stack.cluster.network;
  const { folder } = await stack.synthesize('mail', { email: { url: `smtp://${hostAddress}:${PORT}`, privateNetworks: [hostAddress] } });
  const items = objectsIn(folder).filter(({ kind, metadata: { name } }) => kind === 'NetworkPolicy' && OF_MAIL.includes(name));
  expect(items).toHaveLength(OF_MAIL.length);
  await stack.cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}
