// doctor: whether alerts go anywhere, by the names of the keys in the alerts' Secret.
import { ok, onSight, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';

const DOCS = 'docs/alerts.md says which keys there are';

export function checkAlerts({ resource, alertKeys, place }: Facts): readonly Finding[] {
  const spec = resource.seen ? resource.value?.spec : undefined;
  const watching = spec?.health.enabled === false
    ? [warning('health checks', 'switched off', `kubectl --namespace ${place.namespace} patch gt ${place.name} --type merge --patch '{"spec":{"health":{"enabled":true}}}'`)]
    : [];
  return [...watching, ...onSight('alerts', alertKeys, (keys) => checkKeys(keys, spec?.alerts.secret ?? 'glitchtip-alerts', place.namespace))];
}

function checkKeys(keys: readonly string[] | undefined, secret: string, namespace: string): readonly Finding[] {
  if (keys === undefined) return [warning('alerts', `there is no Secret ${secret}: no alert is sent`, `kubectl --namespace ${namespace} create secret generic ${secret} --from-file=...; ${DOCS}`)];
  const telegram = ['telegram-token', 'telegram-chat'];
  const has = (key: string): boolean => keys.includes(key);
  const half = telegram.some(has) && !telegram.every(has);
  const channels = [...(telegram.every(has) ? ['telegram'] : []), ...(has('webhook-url') ? ['webhook'] : [])];
  return [
    ...(half ? [warning('alerts', `${secret} has ${telegram.filter(has).join('')} without ${telegram.filter((key) => !has(key)).join('')}`, DOCS)] : []),
    ...(channels.length === 0 ? [warning('alerts', `${secret} names no channel: no alert is sent`, DOCS)] : [ok('alerts', channels.join(' and '))]),
    has('heartbeat-url') ? ok('heartbeat', 'sent to an outside checker') : warning('heartbeat', 'nobody outside notices when the operator or the host is down', `add heartbeat-url to ${secret}; ${DOCS}`),
  ];
}
