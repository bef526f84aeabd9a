// How a program becomes one file: bundled, compressed, and without what libraries load and our programs never call
// (docs/decisions/0001-kubernetes-client.md says how many megabytes each of it would be).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build, type BuildOptions, type OnLoadResult, type Plugin, type PluginBuild } from 'esbuild';

export const COMMON = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  // One byte a character: V8 keeps such a source in half the memory, and the loader may decode it as Latin-1.
  charset: 'ascii',
  legalComments: 'none',
  logLevel: 'warning',
} satisfies BuildOptions;

/** Files of packages by their path, or modules by their name, and what stands in their place. */
interface Stub {
  readonly file?: RegExp;
  readonly module?: RegExp;
  /** Of the packages whose files ask for the module. @default all */
  readonly importer?: RegExp;
  readonly contents: string;
}

const EMPTY = 'module.exports = {};';
/** KubeConfig makes one of each, and asks each whether a user is its business: none is. */
const noAuthenticator = (name: string) => `export class ${name} { isAuthProvider() { return false; } }`;
const clientFile = (name: string) => new RegExp(`@kubernetes/client-node/dist/${name}\\.js$`);

/** By what they are for. */
export const DEAD_WEIGHT = {
  /** prom-client's push gateway, cluster and default metrics, pino's worker threads: each pulls in parts of Node. */
  'metrics and log': [
    { file: /prom-client\/lib\/(pushgateway|cluster|defaultMetrics|summary)\.js$/, contents: EMPTY },
    { file: /pino\/lib\/(worker|transport|multistream)\.js$/, contents: EMPTY },
    { module: /^(node:)?worker_threads$/, contents: 'module.exports = { isMainThread: true };' },
  ],
  /** iovalkey's log, which is off, and whose terminal colours are not; the checks that sonic-boom and redis-errors make of themselves stay. */
  'debug, assert': [
    { module: /^debug$/, contents: 'module.exports = () => Object.assign(() => {}, { enabled: false }); module.exports.default = module.exports;' },
    {
      module: /^(node:)?assert$/,
      contents: "const assert = (ok, message = 'assertion failed') => { if (!ok) throw new Error(message); }; module.exports = Object.assign(assert, { strictEqual: (a, b) => assert(a === b) });",
    },
  ],
  /** Ours is one Valkey. 10 KB of the compressed bundle, and no memory. */
  'clusters of Valkey': [
    { file: /iovalkey\/built\/cluster\/index\.js$/, contents: 'exports.default = class Cluster {};' },
    { file: /iovalkey\/built\/connectors\/SentinelConnector\/index\.js$/, contents: 'exports.default = class SentinelConnector {};' },
  ],
  'OpenID Connect': [{ file: clientFile('oidc_auth'), contents: noAuthenticator('OpenIDConnectAuth') }],
  'exec plugins': [{ file: clientFile('exec_auth'), contents: noAuthenticator('ExecAuth') }],
  /** Of KubeConfig, for WSL and exec plugins; of cdk8s, for helm and for manifests that it would download. */
  'child processes': [{ module: /^(node:)?child_process$/, contents: EMPTY }],
  'Azure, Google (jsonpath)': [
    { file: clientFile('azure_auth'), contents: noAuthenticator('AzureAuth') },
    { file: clientFile('gcp_auth'), contents: noAuthenticator('GoogleCloudPlatformAuth') },
  ],
  WebSocket: [{ module: /^(isomorphic-ws|tar-fs|stream-buffers)$/, contents: EMPTY }],
  YAML: [{ module: /^js-yaml$/, contents: EMPTY }],
  proxies: [{ module: /^(hpagent|socks-proxy-agent)$/, contents: EMPTY }],
  /** For a Node.js without URL. */
  'whatwg-url': [{ module: /^whatwg-url$/, contents: EMPTY }],
  /** node-fetch makes its options by url.parse, of which Node.js 24 warns in the log; urlToHttpOptions is its successor for that. */
  'url.parse': [{
    module: /^url$/, importer: /node-fetch\/lib\/index\.m?js$/,
    contents: "const { URL, format, urlToHttpOptions } = require('node:url'); module.exports = { URL, format, parse: (text) => urlToHttpOptions(new URL(text)) };",
  }],
  /** Left out by unusedModules(). */
  'generated API': [],
} as const satisfies Record<string, readonly Stub[]>;

export type DeadWeight = keyof typeof DEAD_WEIGHT;

export interface Bundle {
  readonly code: Uint8Array;
  /** By brotli. */
  readonly compressed: Uint8Array;
}

function ownVersion(): string {
  return (JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { readonly version: string }).version;
}

/** @param kept of the dead weight, to measure what it costs */
export async function bundleProgram(entry: string, kept: readonly DeadWeight[] = []): Promise<Bundle> {
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: [entry],
    format: 'cjs',
    write: false,
    // pg's optional native driver, and its test for Cloudflare, which loads all of undici (9 MB) by touching Response.
    external: ['pg-native'],
    define: { Response: 'undefined', GLITCHKEEPER_VERSION: JSON.stringify(ownVersion()) },
    plugins: [without((Object.keys(DEAD_WEIGHT) as DeadWeight[]).filter((name) => !kept.includes(name)))],
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  return { code, compressed: brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: code.length } }) };
}

/** Of a command: nothing is left out but a second yaml, and what `left` names. */
export async function bundleCommand(entry: string, { left = [], ...options }: BuildOptions & { readonly left?: readonly DeadWeight[] }): Promise<Uint8Array> {
  const { outputFiles } = await build({ ...COMMON, ...options, entryPoints: [entry], write: false, plugins: [oneYaml, without(left)] });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

/** cdk8s brings yaml inside its own package; where it is of the same version as ours, ours serves for both. */
const oneYaml: Plugin = {
  name: 'one-yaml',
  setup(bundle) {
    const ours = createRequire(import.meta.url);
    const versions = [ours, createRequire(ours.resolve('cdk8s'))].map((require) => (require('yaml/package.json') as { readonly version: string }).version);
    if (versions[0] === versions[1]) bundle.onResolve({ filter: /^yaml$/ }, () => ({ path: ours.resolve('yaml') }));
  },
};

function without(left: readonly DeadWeight[]): Plugin {
  return {
    name: 'without-dead-weight',
    setup(bundle) {
      left.flatMap((name): readonly Stub[] => DEAD_WEIGHT[name]).forEach((stub, index) => replace(bundle, stub, `stub-${index}`));
      if (left.includes('generated API')) unusedModules(bundle);
    },
  };
}

function replace(bundle: PluginBuild, { file, module, importer: of = /(?:)/, contents }: Stub, namespace: string): void {
  const load = (): OnLoadResult => ({ contents });
  if (file) bundle.onLoad({ filter: file }, load);
  if (!module) return;
  bundle.onResolve({ filter: module }, ({ path, importer }) => (of.test(importer) ? { path, namespace } : undefined));
  bundle.onLoad({ filter: /.*/, namespace }, load);
}

/**
 * The client's package does not say that loading its modules has no effect, so a bundler keeps all of them: some thousand classes of the
 * generated API, of which we use none.
 */
function unusedModules(bundle: PluginBuild): void {
  const within = /@kubernetes\/client-node\/dist\//;
  bundle.onResolve({ filter: /^@kubernetes\/client-node$/ }, async ({ resolveDir, kind, pluginData }) => {
    if (pluginData === within) return undefined;
    const { path } = await bundle.resolve('@kubernetes/client-node', { resolveDir, kind, pluginData: within });
    return { path, sideEffects: false };
  });
  bundle.onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, importer }) => (within.test(importer) ? { path: join(dirname(importer), path), sideEffects: false } : undefined));
}
