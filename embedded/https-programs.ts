/** What HTTPS is tested with, built when a test asks for it: k3s' Traefik and cert-manager as images, and Pebble, an ACME server for tests. */
import { cp, mkdir, copyFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { execa } from 'execa';
import * as z from 'zod';
import { ensureModule, type GoModule } from './binaries.js';
import { certManagerEntries, ensureImages, traefikEntry, type ImageArchive } from './images/index.js';
import type { Progress } from './progress.js';

const TRAEFIK = 'github.com/traefik/traefik/v3@v3.7.13';
/** Of Traefik's go.mod: the ACME client. */
const LEGO = 'github.com/go-acme/lego/v5@v5.4.1';
/** Of the ACME client: what Traefik asks for by HTTP alone needs none of it. */
const LEFT_OUT = /^(providers\/dns|cmd|e2e|docs|internal\/tester)(\/|$)/;

/** Of Traefik's go.mod. */
const GATEWAY_API = 'sigs.k8s.io/gateway-api@v1.6.1';

const traefikModule: GoModule = {
  folder: 'traefik',
  packages: ['github.com/traefik/traefik/v3/cmd/traefik'],
  linkerFlags: '-s -w -X github.com/traefik/traefik/v3/pkg/version.Version=3.7.13',
  complete: copyLego,
};

const CERT_MANAGER = 'github.com/cert-manager/cert-manager@v1.21.2';

const certManagerModule: GoModule = {
  folder: 'cert-manager',
  packages: ['github.com/cert-manager/cert-manager/glitchkeeper/controller', 'github.com/cert-manager/cert-manager/glitchkeeper/acmesolver'],
  linkerFlags: '-s -w',
};

const pebbleModule: GoModule = {
  folder: 'pebble',
  packages: ['github.com/letsencrypt/pebble/v2/cmd/pebble', 'github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv'],
  linkerFlags: '-s -w',
};

/** go.mod has it replaced by ./lego: a package of a module cannot be replaced, so the module is, without that package's imports. */
async function copyLego(folder: string): Promise<void> {
  const from = await moduleFolder(LEGO, folder);
  const to = join(folder, 'lego');
  await cp(from, to, { recursive: true, filter: (source) => !LEFT_OUT.test(relative(from, source)) });
  await execa('chmod', ['-R', 'u+w', to]);
  await mkdir(join(to, 'providers', 'dns'), { recursive: true });
  await copyFile(join(folder, 'dns-providers.go.txt'), join(to, 'providers', 'dns', 'providers.go'));
}

const downloaded = z.object({ Dir: z.string() });

/** Folder of a module in Go's cache. Outside of any go.mod: one whose replacement is not there yet is refused. */
async function moduleFolder(module: string, beside: string): Promise<string> {
  const { stdout } = await execa('go', ['mod', 'download', '-json', module], { cwd: dirname(beside), env: { GOFLAGS: '' } });
  return downloaded.parse(JSON.parse(stdout)).Dir;
}

export interface Traefik {
  readonly image: ImageArchive;
  /** File with the CustomResourceDefinitions of this very version. */
  readonly kinds: string;
}

/** The first call on a machine takes a quarter of an hour on two cores. */
export async function ensureTraefik(progress: Progress): Promise<Traefik> {
  const folder = await ensureModule(traefikModule, progress);
  const [image] = await ensureImages({ entries: [traefikEntry(join(folder, 'traefik'))] });
  if (image === undefined) throw new Error('the image of Traefik was not made');
  return { image, kinds: join(await moduleFolder(TRAEFIK, folder), 'docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml') };
}

/** Folder with the CustomResourceDefinitions of the Gateway API, as Traefik knows it. */
export async function ensureGatewayApi(progress: Progress): Promise<string> {
  return join(await moduleFolder(GATEWAY_API, await ensureModule(traefikModule, progress)), 'config/crd/standard');
}

export interface CertManager {
  /** Of its controller, and of what answers challenges. */
  readonly images: readonly ImageArchive[];
  /** Folder with the CustomResourceDefinitions of this very version. */
  readonly kinds: string;
}

/** The first call on a machine takes a few minutes on two cores. */
export async function ensureCertManager(progress: Progress): Promise<CertManager> {
  const folder = await ensureModule(certManagerModule, progress);
  return { images: await ensureImages({ entries: certManagerEntries(folder) }), kinds: join(await moduleFolder(CERT_MANAGER, folder), 'deploy/crds') };
}

export interface Pebble {
  readonly pebble: string;
  /** The DNS server that it asks: it answers every name with one address. */
  readonly challtestsrv: string;
}

/** Built on the first call, in half a minute. */
export async function ensurePebble(progress: Progress): Promise<Pebble> {
  const folder = await ensureModule(pebbleModule, progress);
  return { pebble: join(folder, 'pebble'), challtestsrv: join(folder, 'pebble-challtestsrv') };
}
