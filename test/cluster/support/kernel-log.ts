// What the kernel says of memory kills: whose limit was reached decides whether a container suffered or the whole node did.
import { execa } from 'execa';

/** Paths of the cgroups whose limit ended in a kill, since the machine started, that lie in the instance's cgroup. */
export async function memoryKills(resource: string): Promise<string[]> {
  const { stdout } = await execa('dmesg');
  return [...stdout.matchAll(/oom_memcg=(\/[^,\s]+)/g)].map(([, path]) => path ?? '').filter((path) => path === `/${resource}` || path.startsWith(`/${resource}/`));
}

/** Those of them that the limits of this pod ended in. */
export async function memoryKillsOfPod(resource: string, uid: string): Promise<string[]> {
  return (await memoryKills(resource)).filter((path) => path.includes(`/pod${uid}`));
}
