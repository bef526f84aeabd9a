// 04: the instance as it stands: healthy, closed to strangers, on HTTPS where that is set, limited, and it finds an event again.
import { randomInt, randomUUID } from 'node:crypto';
import * as Sentry from '@sentry/node';
import { ClusterFacts } from './cluster-facts.js';
import { describeLimits, limitProblems, publicWays } from './cluster-findings.js';
import { authHeader, dsnAt, envelopeUrl } from './dsn.js';
import { proveStored } from './event-store.js';
import { GlitchTipSession } from './glitchtip-session.js';
import { send } from './http-client.js';
import { hstsProblems, httpsAddress, redirectProblems, sessionCookieProblems } from './https.js';
import { envelope } from './load.js';
import { seconds } from './statistics.js';
import { failed, passed, skipped, type Context, type Finding, type Suite } from './suite.js';

export const productionVerify: Suite = {
  name: '04-production-verify',
  checks: [
    { id: '04.1', name: 'health: web, page, database and queue answer', run: health },
    { id: '04.2', name: 'no public port', run: noPublicPort },
    { id: '04.3', name: 'HTTPS: HTTP redirects to it, HSTS is sent', run: https },
    { id: '04.4', name: 'HTTPS: the session cookie is Secure', run: secureCookie },
    { id: '04.5', name: 'registration is closed: a real sign-up attempt is refused', run: registrationClosed },
    { id: '04.6', name: 'the limits are in force in the kernel', run: limitsInForce },
    { id: '04.7', name: 'an event is found again within 60 s', run: foundAgain },
  ],
};

async function health({ dsn }: Context): Promise<Finding> {
  const started = Date.now();
  const answers = {
    '/_health/': await status(`${dsn.baseUrl}/_health/`),
    '/ (the page)': await status(`${dsn.baseUrl}/`),
    '/api/settings/': await status(`${dsn.baseUrl}/api/settings/`),
  };
  const problems = Object.entries(answers).filter(([, found]) => found !== 200).map(([path, found]) => `${path}: expected 200, found ${found}`);
  if (answers['/ (the page)'] === 500) problems.push('(a 500 for the page alone: its static files are missing)');
  const ingest = await probeIngest(dsn.baseUrl);
  if (ingest !== 403) problems.push(`a stranger's envelope: expected 403 (database and queue asked), found ${ingest}`);
  if (problems.length > 0) return failed(problems.join('; '));
  return passed(`all answered in ${seconds(Date.now() - started)}`);
}

async function status(url: string): Promise<number> {
  return (await send({ url })).status;
}

/** A key that nobody has, for a project that does not exist: 403 needs Postgres and Valkey, and blocks no real project. */
async function probeIngest(baseUrl: string): Promise<number> {
  const key = randomUUID().replaceAll('-', '');
  const nobody = dsnAt({ text: '', key, baseUrl, host: '', projectId: randomInt(2 ** 30, 2 ** 31 - 1) }, baseUrl);
  const answer = await send({ url: envelopeUrl(nobody), method: 'POST', headers: { 'x-sentry-auth': authHeader(nobody) }, body: envelope(key, 'probe', 1) });
  return answer.status;
}

const NO_CLUSTER = 'the cluster was not asked: give --kubeconfig, --context or --namespace';

async function noPublicPort({ settings }: Context): Promise<Finding> {
  if (settings.cluster === undefined) return skipped(NO_CLUSTER);
  const cluster = new ClusterFacts(settings.cluster);
  const services = await cluster.services();
  const pods = await cluster.pods();
  if (services.length === 0 || pods.length === 0) return failed(`nothing runs in namespace ${settings.cluster.namespace}`);
  const open = await cluster.openNodePorts();
  const ways = [...publicWays(services, pods), ...open.map((address) => `${address} accepts connections`)];
  if (ways.length > 0) return failed(ways.join('; '));
  return passed(`${services.length} services (all ClusterIP), ${pods.length} pods, no node port answers`);
}

async function https(context: Context): Promise<Finding> {
  const address = await httpsAddress(context);
  if (address === undefined) return skipped('HTTPS is not set: the DSN (and GLITCHTIP_DOMAIN, where known) is http');
  const problems = [...(await redirectProblems(address)), ...(await hstsProblems(address))];
  return problems.length > 0 ? failed(problems.join('; ')) : passed(`${address}: HSTS is sent, and plain HTTP redirects or is closed`);
}

async function secureCookie(context: Context): Promise<Finding> {
  const address = await httpsAddress(context);
  if (address === undefined) return skipped('HTTPS is not set: the DSN (and GLITCHTIP_DOMAIN, where known) is http');
  if (context.settings.login === undefined) return skipped('only a login shows it: give --email and GLITCHTIP_PASSWORD');
  const session = new GlitchTipSession(address);
  await session.login(context.settings.login.email, context.settings.login.password);
  const problems = sessionCookieProblems(session.setCookies);
  return problems.length > 0 ? failed(problems.join('; ')) : passed('the session cookie is Secure and HttpOnly');
}

/** Looks first at what the instance says, so that no account is made where registration is known to be open. */
async function registrationClosed({ dsn }: Context): Promise<Finding> {
  const { body } = await send({ url: `${dsn.baseUrl}/api/settings/` });
  if (/"enableUserRegistration":\s*true/.test(body)) return failed('open: /api/settings/ says enableUserRegistration true (no attempt made)');
  const email = `glitchkeeper-verify-${randomUUID()}@example.com`;
  const result = await new GlitchTipSession(dsn.baseUrl).signUp(email, `V${randomUUID()}`);
  if (result !== 'refused') return failed(`OPEN: the attempt made the account ${email} (${result}); delete it`);
  return passed('settings say closed, and the attempt was answered 403');
}

async function limitsInForce({ settings }: Context): Promise<Finding> {
  if (settings.cluster === undefined) return skipped(NO_CLUSTER);
  const limits = await new ClusterFacts(settings.cluster).limits();
  const problems = limitProblems(limits);
  return problems.length > 0 ? failed(problems.join('; ')) : passed(describeLimits(limits));
}

const PROMISE_MS = 60_000;

async function foundAgain(context: Context): Promise<Finding> {
  const eventId = Sentry.withIsolationScope(() => Sentry.captureException(new Error(`find me again (${randomUUID().slice(0, 8)})`)));
  return proveStored(context, eventId, () => [], PROMISE_MS);
}
