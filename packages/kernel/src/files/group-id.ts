import { readFileSync } from 'node:fs';

/** The number of a group in /etc/group (group(5)); null when there is none of that name. */
export const groupId = (name: string): number | null => {
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [group, , gid] = line.split(':');
    if (group === name && gid !== undefined) return Number(gid);
  }
  return null;
};
