// What the kernel says of memory kills: whose limit was reached decides whether a container suffered or the whole node did.
import { execa } from 'execa';

/** Those kills of {@link memoryKills} that the limits of a pod ended in. */
export function killsOfPod(kills: readonly string[], uid: string): string[] {
  return kills.filter((path) => path.includes(`/pod${uid}`));
}

/** Paths of the cgroups whose limit ended in a kill, since the machine started, that lie in the instance's cgroup. */
export async function memoryKills(resource: string): Promise<string[]> {
  const { stdout } = await execa('dmesg');
  return [...stdout.matchAll(/oom_memcg=(\/[^,\s]+)/g)].map(([, path]) => path ?? '').filter((path) => path === `/${resource}` || path.startsWith(`/${resource}/`));
}
