// The environment of what GlitchTip does beside taking events, and of whom it believes. Each is named even where the setting is GlitchTip's own default, which changes: logs came on by themselves with 6.1.
import { releaseFacts, type Variable } from '../releases.js';
import type { Settings } from '../settings/schema.js';

/** As GlitchTip's settings read a switch. */
export function onOff(value: boolean): 'True' | 'False' {
  return value ? 'True' : 'False';
}

export function featureVariables(settings: Settings): readonly Variable[] {
  const { version, registration: { users, singleSignOn, organizations } } = settings;
  return [
    { name: 'ENABLE_USER_REGISTRATION', value: onOff(users), why: 'its own default is open' },
    { name: 'ENABLE_SOCIAL_APPS_USER_REGISTRATION', value: onOff(singleSignOn), why: 'its own default is that of all users' },
    { name: 'ENABLE_ORGANIZATION_CREATION', value: onOff(organizations), why: 'else the administrator makes them' },
    ...(releaseFacts(version).hasSwitches ? switches(settings) : []),
  ];
}

/** GlitchTip 6.2's settings.py. */
function switches({ logs, uptime, webhooks, mcp, retentionDays, gateway, network }: Settings): readonly Variable[] {
  // The gateway is a pod, and so is most that stands before web without one.
  const proxies = [...gateway.trustedProxies, ...network.clusterRanges];
  const logDays = String(logs.retentionDays ?? retentionDays);
  return [
    { name: 'GLITCHTIP_ENABLE_LOGS', value: onOff(logs.enabled), why: 'on by default, and a log is a row: they fill the disk that events need' },
    ...(logs.enabled ? [
      { name: 'GLITCHTIP_LOG_RETENTION_DAYS', value: logDays, why: 'setting' },
      { name: 'GLITCHTIP_LOG_HOT_DAYS', value: logDays, why: 'by default they leave PostgreSQL after 7 days, and there is no cold storage that they could go to' },
    ] : []),
    { name: 'GLITCHTIP_ENABLE_UPTIME', value: onOff(uptime.enabled), why: 'setting' },
    { name: 'GLITCHTIP_UPTIME_ALLOW_PRIVATE_IPS', value: onOff(uptime.privateAddresses), why: 'whoever may make a monitor could look around inside' },
    { name: 'GLITCHTIP_ALLOW_PRIVATE_IPS', value: onOff(webhooks.privateAddresses), why: 'likewise of webhooks, which take what they are told to there' },
    { name: 'GLITCHTIP_ENABLE_MCP', value: onOff(mcp.enabled), why: 'setting' },
    // An empty list would believe nobody; GlitchTip's asgi.py takes addresses and networks, separated by commas.
    ...(proxies.length > 0 ? [{ name: 'TRUSTED_PROXIES', value: proxies.join(','), why: 'the default "*" takes the first address of X-Forwarded-For for the client: whatever the client wrote there' }] : []),
  ];
}
