/** Rows of the contract: organisations, tokens, teams, projects, keys and monitors. */
import { at } from './contract-client.js';
import { asText, bearer, type ContractRow, type ContractState, create, get, read, submit } from './contract-row.js';

const organizations = '/api/0/organizations/';
const tokens = '/api/0/api-tokens/';
const teams = ({ organization }: ContractState): string => `/api/0/organizations/${organization}/teams/`;
const monitors = ({ organization }: ContractState): string => `/api/0/organizations/${organization}/monitors/`;
const teamProjects = ({ organization, team }: ContractState): string => `/api/0/teams/${organization}/${team}/projects/`;
const project = (state: ContractState): string => `/api/0/projects/${state.organization}/${state.project}/`;
const keys = (state: ContractState): string => `${project(state)}keys/`;

const wideScopes = ['org:read', 'org:write', 'team:read', 'team:write', 'project:read', 'project:write', 'project:admin', 'event:read'];
const monitor = {
  monitorType: 'GET', name: 'self', url: 'http://127.0.0.1:1/', expectedStatus: 200, expectedBody: '', interval: 60, timeout: 5, project: null,
};
const withNarrowToken = ({ narrowToken }: ContractState): { path: string; headers: Record<string, string>; anonymous: boolean } => ({
  path: organizations, headers: bearer(narrowToken), anonymous: true,
});

export const objectRows: readonly ContractRow[] = [
  { name: 'the user has no organisation yet', request: get(organizations), status: 200, values: { '0': undefined } },
  {
    name: 'the first organisation may be made by anybody',
    request: submit(organizations, { name: 'Contract Org' }), status: 201, has: ['id', 'slug', 'teams', 'projects', 'dateCreated'],
    keep: (state, { json }) => (state.organization = asText(at(json, 'slug'))),
  },
  { name: 'a second one only by a superuser', request: submit(organizations, { name: 'Second' }), status: 403 },
  { name: 'an organisation without a name is refused', request: submit(organizations, {}), status: 422, has: ['detail.0.loc'] },
  {
    name: 'a token is made',
    request: submit(tokens, { label: 'contract', scopes: wideScopes }), status: 201, has: ['id', 'created', 'label', 'scopes.0'],
    keep: (state, { json }) => (state.token = asText(at(json, 'token'))),
  },
  {
    name: 'a narrow token is made',
    request: submit(tokens, { scopes: ['member:read'] }), status: 201, values: { label: '', 'scopes.0': 'member:read' },
    keep: (state, { json }) => (state.narrowToken = asText(at(json, 'token'))),
  },
  { name: 'an unknown scope is refused', request: submit(tokens, { scopes: ['nonsense'] }), status: 422 },
  { name: 'tokens are listed in clear', request: get(tokens), status: 200, has: ['0.token'] },
  { name: 'tokens cannot be managed with a token', request: read(tokens), status: 401 },
  { name: 'a token opens the list', request: read(organizations), status: 200, has: ['0.slug'] },
  { name: 'a token without the scope does not', request: withNarrowToken, status: 403 },
  { name: 'the root of the interface knows the token', request: read('/api/0/'), status: 200, has: ['user.id', 'auth.scopes'] },
  {
    name: 'a team is made',
    request: create(teams, { slug: 'crew' }), status: 201, has: ['id', 'memberCount', 'projects'],
    keep: (state, { json }) => (state.team = asText(at(json, 'slug'))),
  },
  { name: 'teams of the organisation', request: read(teams), status: 200, values: { '0.slug': 'crew' } },
  {
    name: 'a project is made',
    request: create(teamProjects, { name: 'My Project', platform: 'node' }), status: 201, values: { slug: 'my-project', firstEvent: null },
    keep: (state, { json }) => {
      state.project = asText(at(json, 'slug'));
      state.projectId = asText(at(json, 'id'));
    },
  },
  { name: 'a second project of that name has another slug', request: create(teamProjects, { name: 'My Project' }), status: 201, values: { slug: 'my-project-2' } },
  { name: 'projects of a team', request: read(teamProjects), status: 200, has: ['0.slug', '1.slug'] },
  { name: 'one project', request: read(project), status: 200, has: ['id', 'organization.slug'] },
  { name: 'a project that does not exist', request: read(({ organization }) => `/api/0/projects/${organization}/none/`), status: 404 },
  {
    name: 'every project has a key from the start',
    request: read(keys), status: 200, has: ['0.dsn.public', '0.dsn.security', '0.public'],
    keep: (state, { json }) => (state.key = asText(at(json, '0.public')).replaceAll('-', '')),
  },
  { name: 'another key is made', request: create(keys, { name: 'spare' }), status: 201, values: { label: 'spare' } },
  { name: 'a monitor is made', request: create(monitors, monitor), status: 201, has: ['id', 'monitorType', 'checks'] },
];
