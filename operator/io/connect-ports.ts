// The ports of the controllers, implemented with the real clients.
import type { GlitchTipSpec } from '../api/glitchtip-resource.js';
import type { PostgresPort, ValkeyPort, WebPort } from '../controllers/ports.js';
import type { PostgresAddress } from './postgres/postgres-client.js';
import { ensureCanary, endSessions, isEventStored, judgeAdministrator, setAdministratorPassword } from './postgres/glitchtip-tables.js';
import { changeDatabase, observePostgres, tryLogin } from './postgres/roles.js';
import { closeLogin, countSessions, openLogin, replaceOperatorPassword } from './postgres/rotate-logins.js';
import { endForeignConnections, endValkeySessions, observeValkey, setValkeyPasswords, tryValkeyPassword } from './valkey/valkey-client.js';
import { sendEvent } from './web/send-event.js';

export const postgresPort: PostgresPort = {
  observe: (spec, operator, application) => observePostgres(addressOf(spec), operator, application),
  change: (spec, operator, wanted, password) => changeDatabase(addressOf(spec), operator, wanted, password),
  tryLogin: (spec, login, state) => tryLogin(addressOf(spec), login, state),
  countSessions: (spec, operator, of) => countSessions(addressOf(spec), operator, of),
  openLogin: (spec, place, role, password) => openLogin({ address: addressOf(spec), ...place }, role, password),
  closeLogin: (spec, place, role) => closeLogin({ address: addressOf(spec), ...place }, role),
  replaceOperatorPassword: (spec, place, password) => replaceOperatorPassword({ address: addressOf(spec), ...place }, password),
  isEventStored: (spec, operator, events) => isEventStored(addressOf(spec), operator, events),
  ensureCanary: (spec, operator) => ensureCanary(addressOf(spec), operator),
  judgeAdministrator: (spec, operator, account) => judgeAdministrator(addressOf(spec), operator, account),
  setAdministratorPassword: (spec, place, account) => setAdministratorPassword(addressOf(spec), place, account),
  endSessions: (spec, operator) => endSessions(addressOf(spec), operator),
};

export const valkeyPort: ValkeyPort = {
  observe: observeValkey,
  tryPassword: tryValkeyPassword,
  setPasswords: setValkeyPasswords,
  endSessions: endValkeySessions,
  endForeignConnections,
};

export const webPort: WebPort = { sendEvent };

function addressOf({ database: { host, port, name } }: GlitchTipSpec): PostgresAddress {
  return { host, port, database: name };
}
