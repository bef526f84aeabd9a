/** The embedded single-node Kubernetes, as `npm start` and the tests use it. */
export { up } from './up.js';
export { prepareMachine } from './prepare.js';
export { down, type DownOptions } from './down.js';
export { status, renderStatus, type ClusterStatus, type ComponentReport } from './cluster-status.js';
export type { ClusterHandle, ContainerReference, KernelLimits } from './handle.js';
export type { ClusterOptions, ClusterPaths } from './cluster-options.js';
export { OptionError, defaultMemory, defaultName } from './cluster-options.js';
export { ensureKubeScore } from './binaries.js';
export { buildProgress, type Progress } from './progress.js';
export { MissingPackagesError } from './packages.js';
export { UnsupportedMachineError, lackingForPolicies } from './kernel.js';
export { StartError } from './ready.js';
