import { closeSync } from 'node:fs';
import koffi from 'koffi';
import { openPidfd } from '../netlink/libc.js';

/** Calls back once when a process, ours or adopted, has ended; at the next turn if it already has. Does not keep the process alive. */
export const watchExit = (pid: number, onExit: () => void): { readonly close: () => void } => {
  const fd = openPidfd(pid);
  let isOpen = true;
  if (fd === null) {
    setImmediate(() => {
      if (isOpen) onExit();
    });
    return { close: () => void (isOpen = false) };
  }
  const handle = koffi.node.poll(fd, { readable: true }, () => {
    close();
    onExit();
  });
  handle.unref();
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    handle.close();
    closeSync(fd);
  };
  return { close };
};
