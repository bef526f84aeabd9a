/** Rows of the contract: the server itself, sign-up, login and sessions. */
import { bearer, type ContractRow, type ContractState, forge, get, submit } from './contract-row.js';

const session = '/_allauth/browser/v1/auth/session';
const login = '/_allauth/browser/v1/auth/login';
const signup = '/_allauth/browser/v1/auth/signup';
const organizations = '/api/0/organizations/';
const credentials = ({ email, password }: ContractState): object => ({ email, password });
const wrongCredentials = ({ email }: ContractState): object => ({ email, password: 'wrong' });
const second = ({ email, password }: ContractState): object => ({ email: `second-${email}`, password });
const stranger = { host: 'stranger.example' };
const signedIn = { 'meta.is_authenticated': true };

export const accountRows: readonly ContractRow[] = [
  { name: '/_health/ says ok', request: get('/_health/'), status: 200 },
  { name: 'the internal health path is constant', request: get('/api/0/internal/health'), status: 200, has: ['healthy', 'problems'] },
  { name: 'a Host that is not allowed is refused', request: () => ({ path: '/_health/', headers: stranger }), status: 400 },
  { name: 'the root of the interface knows no user', request: get('/api/0/'), status: 200, values: { version: '0', user: null, auth: null } },
  {
    name: 'with no user in the database sign-up is open whatever the flag',
    request: get('/api/settings/'), status: 200, values: { enableUserRegistration: true, version: '5.2' },
    otherwise: { '6.2': { values: { enableUserRegistration: true } } },
  },
  { name: 'a list needs a login', request: get(organizations), status: 401 },
  { name: 'a change without a CSRF token is refused before the login is looked at', request: forge(organizations, { name: 'x' }), status: 403 },
  { name: 'a token that does not exist is no login', request: () => ({ path: organizations, headers: bearer('0'.repeat(64)) }), status: 401 },
  { name: 'the session of a stranger', request: get(session), status: 401, values: { status: 401, 'meta.is_authenticated': false }, has: ['data.flows'] },
  { name: 'a login without a CSRF token is refused', request: forge(login, credentials), status: 403 },
  { name: 'the first user signs up', request: submit(signup, credentials), status: 200, values: signedIn, has: ['data.user.id'] },
  { name: 'then registration is closed', request: get('/api/settings/'), status: 200, values: { enableUserRegistration: false } },
  { name: 'and a second sign-up is refused', request: (state) => ({ ...submit(signup, second)(state), anonymous: true, csrf: false }), status: 403 },
  { name: 'signing out ends the session', request: () => ({ method: 'DELETE', path: session, csrf: true }), status: 401 },
  { name: 'and a second sign-up with a CSRF token is refused too', request: submit(signup, second), status: 403, values: { status: 403 } },
  { name: 'a wrong password is refused', request: submit(login, wrongCredentials), status: 400, has: ['errors.0.code'] },
  { name: 'the right one is not', request: submit(login, credentials), status: 200, values: signedIn },
  { name: 'the session is known', request: get(session), status: 200, values: { status: 200 }, has: ['data.user.email', 'data.methods.0.method'] },
  { name: 'the root of the interface does not see the session, and ends it', request: get('/api/0/'), status: 200, values: { user: null } },
  { name: 'so that it is gone', request: get(session), status: 401 },
  { name: 'and the user signs in again', request: submit(login, credentials), status: 200 },
];
