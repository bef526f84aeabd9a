/** Runs buildah with a storage of its own inside the cache folder, so that nothing else on the machine is touched. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { searchPath } from './tools.js';

export interface BuildRequest {
  readonly name: string;
  /** Folder with the Containerfile and what it copies. */
  readonly context: string;
  /** Of the context. @default Containerfile */
  readonly file?: string;
  readonly buildArguments?: Readonly<Record<string, string>>;
}

export interface Buildah {
  readonly build: (request: BuildRequest) => Promise<void>;
  readonly pull: (name: string) => Promise<void>;
  readonly exists: (name: string) => Promise<boolean>;
  /** Removes images of this repository other than the one to keep. */
  readonly prune: (repository: string, keep: string) => Promise<void>;
  /** Writes the image as an oci-archive; the file appears only when it is complete. */
  readonly writeArchive: (name: string, archive: string) => Promise<void>;
}

/** Overlay needs root; chroot isolation needs neither a runtime nor a cgroup of its own. */
export function openBuildah(folder: string, env: NodeJS.ProcessEnv = process.env): Buildah {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run'), '--storage-driver', 'overlay'];
  const run = execa({ env: { ...env, PATH: searchPath(env) }, stdin: 'ignore' });
  const buildah = (...words: readonly string[]): Promise<string> =>
    run('buildah', [...storage, ...words]).then((result) => result.stdout);

  return {
    async build({ name, context, file = 'Containerfile', buildArguments = {} }) {
      const variables = Object.entries(buildArguments).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
      await buildah('build', '--isolation', 'chroot', '--layers=false', '--pull-never', ...variables, '--file', join(context, file), '--tag', name, context);
    },
    async pull(name) {
      await buildah('pull', '--quiet', name);
    },
    async exists(name) {
      const result = await run('buildah', [...storage, 'inspect', '--type', 'image', name], { reject: false });
      return result.exitCode === 0;
    },
    async prune(repository, keep) {
      const listed = await buildah('images', '--all', '--format', '{{.Name}}:{{.Tag}}');
      const stale = listed.split('\n').filter((name) => name.startsWith(`${repository}:`) && name !== keep);
      if (stale.length > 0) {
        await buildah('rmi', '--force', ...stale);
      }
    },
    async writeArchive(name, archive) {
      // With the process id two runs at once disturb each other no more than by doing the same work twice.
      const partial = `${archive}.${process.pid}.partial`;
      rmSync(partial, { force: true });
      await buildah('push', '--quiet', name, `oci-archive:${partial}:${name}`);
      renameSync(partial, archive);
    },
  };
}
