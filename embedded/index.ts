/** The embedded single-node Kubernetes, as `npm start` and the tests use it. */
export { up } from './up.js';
export { prepareMachine } from './prepare.js';
export { down } from './down.js';
export { clusterRanges } from './address.js';
export { status } from './cluster-status.js';
export type { ClusterHandle, ContainerReference } from './handle.js';
export { dropFromPageCache, ensureAge, ensureKubeScore, ensureVersitygw } from './binaries.js';
export { ensureCertManager, ensureGatewayApi, ensurePebble, ensureTraefik } from './https-programs.js';
export { buildProgress } from './progress.js';
export { lackingForPolicies } from './kernel.js';
