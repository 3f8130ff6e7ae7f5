import { closeSync } from 'node:fs';
import type { Ip } from '@manx/ip';
import { ipBytes } from './frames.js';
import { joinGroup } from './namespace-socket.js';

/** Somebody in a namespace who listens to a group. Closing twice is closing once. */
export type Listener = { readonly close: () => void };

/** Listens to a multicast group at `eth0` of a namespace, from one source or all: as an application does, by the namespace's own kernel. */
export const listen = (namespace: string, group: Ip, source: Ip | null): Listener => {
  const fd = joinGroup(namespace, 'eth0', { group: [...ipBytes(group)], source: source === null ? null : [...ipBytes(source)] });
  let isOpen = true;
  return {
    close: () => {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
};
