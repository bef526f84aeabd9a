/** Rows of the contract: accepted events are found again, and a wrong key blocks its project. */
import { at } from './contract-client.js';
import { asText, type ContractRow, type ContractState, type EventName, read } from './contract-row.js';
import { ingest, strangerKey } from './ingest-rows.js';

const project = (state: ContractState): string => `/api/0/projects/${state.organization}/${state.project}/`;
const organization = (state: ContractState): string => `/api/0/organizations/${state.organization}/`;
const issue = (state: ContractState): string => `/api/0/issues/${state.issueId}/`;
const eventKeys = ['eventID', 'groupID', 'projectID', 'dateReceived', 'entries', 'tags'];

const found = (name: EventName): ContractRow => ({
  name: `the ${name} event is found again`,
  request: read((state) => `${project(state)}events/${state.events[name]}/`),
  status: 200,
  has: eventKeys,
  withinSeconds: 15,
});

export const storedRows: readonly ContractRow[] = [
  ...(['plain', 'gzip', 'deflate', 'br', 'chunked', 'store', 'message'] as const).map(found),
  {
    name: 'seven events are one issue',
    request: read((state) => `${project(state)}issues/?query=${state.events.plain}`),
    status: 200,
    values: { '0.count': '7', '0.level': 'error', '0.status': 'unresolved', '0.title': 'ContractError: the contract broke', '1': undefined },
    has: ['0.shortId', '0.metadata.type'],
    withinSeconds: 10,
    keep: (state, { json }) => (state.issueId = asText(at(json, '0.id'))),
  },
  { name: 'the ignored payload is nowhere', request: read((state) => `${project(state)}events/${state.events.malformed}/`), status: 404 },
  {
    name: 'open issues of the organisation',
    request: read((state) => `${organization(state)}issues/?query=is:unresolved`), status: 200, has: ['0.id', '1.id', '0.project.slug'],
  },
  { name: 'one issue', request: read(issue), status: 200, has: ['userReportCount', 'firstSeen', 'lastSeen'] },
  {
    name: 'its latest event',
    request: read((state) => `${issue(state)}events/latest/`), status: 200,
    values: { nextEventID: null, type: 'error', 'entries.0.type': 'exception' }, has: ['previousEventID', 'user.email'],
  },
  { name: 'its events', request: read((state) => `${issue(state)}events/`), status: 200, has: ['5.event_id'] },
  {
    name: 'events of the project, a page of two',
    request: read((state) => `${project(state)}events/?limit=2`), status: 200, values: { '2': undefined }, has: ['1.eventID'],
  },
  {
    name: 'the transaction is found again',
    request: read((state) => `${organization(state)}transaction-groups/`), status: 200, values: { '0.transaction': 'GET /contract' }, withinSeconds: 10,
    // Its double keeps none that its API shows.
    otherwise: { '6.2': 'absent' },
  },
  { name: 'the project knows its first event', request: read(project), status: 200, has: ['firstEvent'], withinSeconds: 5 },
  {
    name: 'a monitor that cannot connect is down',
    request: read((state) => `${organization(state)}monitors/`), status: 200, values: { '0.isUp': false }, withinSeconds: 30,
  },
  { name: 'a wrong key to a real project is refused', request: ingest('{}\n', { key: strangerKey }), status: 403 },
  { name: 'and blocks the right one', request: ingest('{}\n'), status: 403, otherwise: { '6.2': { name: 'and blocks no other', status: 200 } } },
];
