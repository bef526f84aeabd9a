// What another cdk8s app imports: `import { GlitchTip, Operator, parseSettings } from 'glitchkeeper'`.
export { planBudget, renderBudget, type Budget } from './budget.js';
export { CustomResourceDefinitions } from './crds.js';
export { GlitchTip } from './glitchtip.js';
export { hostFiles, type HostFile } from './host.js';
export { SettingsError, checkSettings, findSettings, loadSettings, parseSettings } from './load-settings.js';
export { Monitoring } from './monitoring/monitoring.js';
export { Namespace } from './namespace.js';
export { Operator } from './operator.js';
export type { Settings, SettingsInput } from './settings.js';
