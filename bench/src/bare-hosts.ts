import { endProcesses, execOut, runProgram } from '@manx/lab/bench-kit';
import type { Cleanup } from './cleanup.js';

/** Two guests with a path between them: where to send from, where to, and the address there. */
export type Path = { readonly from: string; readonly to: string; readonly address: string };

/** A path through bare routers; `router` is the first of them, whose interface `right` is on the way. */
export type BarePath = Path & { readonly router: string };

const prefix = 'manx-bench-';

/** Removes what an earlier run may have left, and what this one made. */
const removeBareHosts = async (): Promise<void> => {
  const names = (await execOut(['ip', 'netns', 'list'])).split('\n').map((line) => line.split(' ')[0] ?? '');
  const ours = names.filter((name) => name.startsWith(prefix));
  await endProcesses(ours);
  await runProgram(['ip', '-batch', '-'], { stdin: ours.map((name) => `netns del ${name}\n`).join('') });
};

/** A chain of namespaces: guest, routers, guest; links are /31s of `10.90.CHAIN.0/24`. No rule, no conntrack, nothing but routes. */
const makeChain = async (chain: number, routers: number): Promise<BarePath> => {
  const names = Array.from({ length: routers + 2 }, (_, index) => `${prefix}${chain}-${index}`);
  await runProgram(['ip', '-batch', '-'], { stdin: names.map((name) => `netns add ${name}\n`).join('') });
  const last = names.length - 1;
  const addressOf = (link: number, end: 0 | 1): string => `10.90.${chain}.${2 * link + end}`;
  for (const [index, name] of names.entries()) {
    await runProgram(['ip', 'netns', 'exec', name, 'sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1', 'net.ipv4.ip_forward=1']);
    const lines = ['link set lo up'];
    if (index < last) lines.push(`link add right type veth peer name left netns ${names[index + 1]}`);
    if (index < last) lines.push(`addr add ${addressOf(index, 0)}/31 dev right`, 'link set right up');
    if (index > 0) lines.push(`addr add ${addressOf(index - 1, 1)}/31 dev left`, 'link set left up');
    await runProgram(['ip', '-n', name, '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
  }
  for (const [index, name] of names.entries()) {
    const lines: string[] = [];
    if (index < last - 1) lines.push(`route add ${addressOf(last - 1, 1)}/32 via ${addressOf(index, 1)}`);
    if (index > 1) lines.push(`route add ${addressOf(0, 0)}/32 via ${addressOf(index - 1, 0)}`);
    await runProgram(['ip', '-n', name, '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
  }
  return { from: names[0] ?? '', to: names[last] ?? '', address: addressOf(last - 1, 1), router: names[1] ?? '' };
};

/** Bare routed hosts without rules: guests one router apart, and guests as far apart as two hosts of the lab are (host, ToR, host). */
export const makeBareHosts = async (cleanup: Cleanup): Promise<{ readonly near: BarePath; readonly far: BarePath }> => {
  await removeBareHosts();
  cleanup.add(removeBareHosts);
  return { near: await makeChain(1, 1), far: await makeChain(2, 3) };
};
