// What another cdk8s app imports: `import { GlitchTip, Operator, parseSettings } from 'glitchkeeper'`.
export { planBudget, renderBudget, type Budget } from './budget.js';
export { CustomResourceDefinitions } from './parts/custom-resource-definitions.js';
export { GlitchTip } from './glitchtip-stack.js';
export { GatewayRoutes } from './parts/gateway-routes.js';
export { Https } from './parts/https.js';
export { isServedByTraefik } from './traefik.js';
export { hostFiles, type HostFile } from './host-files.js';
export { SettingsError, checkSettings, findSettings, loadSettings, parseSettings } from './settings/load-settings.js';
export { Monitoring } from './monitoring/monitoring.js';
export { Namespace } from './parts/namespace.js';
export { Operator } from './parts/operator.js';
export type { Settings, SettingsInput } from './settings/schema.js';
