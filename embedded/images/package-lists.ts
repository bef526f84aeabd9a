/** The Debian packages that image making needs: on this machine, and inside the shared root filesystem. */

/** A command that must be on PATH, and the Debian package that brings it. */
export interface RequiredTool {
  readonly command: string;
  readonly debianPackage: string;
}

/** What this machine needs to build images locally. `go` and `npm` are expected to be there already. */
export const buildTools: readonly RequiredTool[] = [
  { command: 'debootstrap', debianPackage: 'debootstrap' },
  { command: 'buildah', debianPackage: 'buildah' },
];

/** What this machine needs to pull images from a registry. */
export const pullTools: readonly RequiredTool[] = [{ command: 'buildah', debianPackage: 'buildah' }];

/** Debian packages for the host, for whoever installs them; the keyring is what debootstrap verifies the archive with. */
export const hostDebianPackages: readonly string[] = ['debootstrap', 'buildah', 'debian-archive-keyring', 'ca-certificates'];

/** The suite whose Python is 3.13, PostgreSQL 17 and Valkey 8.1, as in the official images. */
export const debianSuite = 'trixie';

/** Packages in the shared root filesystem: the servers, and what the GlitchTip double is written with. */
export const rootfsPackages: readonly string[] = [
  'busybox-static',
  'ca-certificates',
  'libstdc++6',
  'postgresql-17',
  'valkey-server',
  'python3',
  'python3-brotli',
  'python3-celery',
  'python3-django',
  'python3-django-allauth',
  'python3-django-environ',
  'python3-orjson',
  'python3-psycopg',
  'python3-psycopg-c',
  'python3-psycopg-pool',
  'python3-redis',
  'python3-whitenoise',
  'uwsgi-core',
  'uwsgi-plugin-python3',
];
