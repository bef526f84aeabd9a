// From an administrator's login to a project that events can be sent to: API token, organisation, team, project, DSN.
import { z } from 'zod';
import { dsnAt, parseDsn, type Dsn } from './dsn.js';
import { GlitchTipApi, SCOPES } from './glitchtip-api.js';
import { ApiError, GlitchTipSession } from './glitchtip-session.js';

export interface ProvisionOptions {
  /** Where the instance answers, e.g. http://localhost:9090; no slash at the end. */
  readonly baseUrl: string;
  readonly email: string;
  readonly password: string;
  /** The project's name; one of this name in the organisation is used again. @default 'verify' */
  readonly project?: string;
  /** @default 'glitchkeeper' */
  readonly organization?: string;
}

export interface Provisioned {
  /** The project's DSN at `baseUrl`, whatever GLITCHTIP_DOMAIN says. */
  readonly dsn: string;
  /** The DSN as GlitchTip shows it (GLITCHTIP_DOMAIN). */
  readonly publicDsn: string;
  readonly token: string;
  /** Slugs, as the server made them. */
  readonly org: string;
  readonly project: string;
}

/**
 * Makes what is missing and uses again what is there, except the API token, of which each call makes a new one.
 * @throws ApiError when the login is refused or the user may not create what is missing
 */
export async function provision(options: ProvisionOptions): Promise<Provisioned> {
  const session = new GlitchTipSession(options.baseUrl);
  await session.login(options.email, options.password);
  const token = await createToken(session);
  const api = new GlitchTipApi(options.baseUrl, token);
  const org = await ensureOrganization(api, options.organization ?? 'glitchkeeper');
  const project = await ensureProject(api, org, options.project ?? 'verify');
  const [first] = await api.keys({ org, project });
  if (first === undefined) throw new ApiError(`project ${org}/${project} has no client key`, 200);
  return { dsn: localDsn(first.dsn.public, options.baseUrl).text, publicDsn: first.dsn.public, token, org, project };
}

/** Makes an API token with the scopes that this suite needs. The session must be logged in. */
export async function createToken(session: GlitchTipSession, label = 'glitchkeeper verify'): Promise<string> {
  const answer = await session.post('/api/0/api-tokens/', { label, scopes: SCOPES });
  if (answer.status !== 201) throw new ApiError(`making an API token: ${answer.status} ${answer.body.slice(0, 200)}`, answer.status);
  return z.object({ token: z.string() }).parse(JSON.parse(answer.body)).token;
}

async function ensureOrganization(api: GlitchTipApi, name: string): Promise<string> {
  const existing = await api.organizations();
  const found = existing.find(({ slug }) => slug === name) ?? existing[0];
  return (found ?? (await api.createOrganization(name))).slug;
}

async function ensureProject(api: GlitchTipApi, org: string, name: string): Promise<string> {
  const existing = await api.projects();
  const found = existing.find((candidate) => candidate.organization.slug === org && candidate.name === name);
  if (found !== undefined) return found.slug;
  const [team = await api.createTeam(org, 'glitchkeeper')] = await api.teams(org);
  return (await api.createProject(org, team.slug, name)).slug;
}

function localDsn(publicDsn: string, baseUrl: string): Dsn {
  const parsed = parseDsn(publicDsn);
  if (!parsed.ok) throw new ApiError(`GlitchTip shows a DSN that is none: ${publicDsn} (is GLITCHTIP_DOMAIN a URL?)`, 200);
  return dsnAt(parsed.dsn, baseUrl);
}
