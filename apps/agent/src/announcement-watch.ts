import type { IfName } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import { Fault, type NetlinkWatch, watchAnnouncements } from '@manx/kernel';
import type { AgentLog } from './agent-log.js';

const RETRY_MS = 30_000;

/** What is heard, and by whom it is told. */
export type AnnouncementWatchOptions = {
  readonly log: AgentLog;
  readonly nameOf: (ifindex: number) => IfName | null;
  readonly onAnnouncement: (ifname: IfName, ip: Ip) => void;
  /** Told when hearing begins or ends to be possible. */
  readonly onProblem: (detail: string | null) => void;
};

/** Hears what instances announce. Where that cannot be, another program having the log group, everything else goes on, and it is tried again. */
export class AnnouncementWatch {
  readonly #options: AnnouncementWatchOptions;
  #watch: NetlinkWatch | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: AnnouncementWatchOptions) {
    this.#options = options;
    this.#open();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#watch?.close();
  }

  #open(): void {
    const { log, nameOf, onAnnouncement, onProblem } = this.#options;
    try {
      this.#watch = watchAnnouncements(({ ifindex, ip }) => {
        const ifname = nameOf(ifindex);
        if (ifname !== null) onAnnouncement(ifname, ip);
      });
      if (this.#timer !== null) onProblem(null);
      this.#timer = null;
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      log.error({ problem: fault.message }, 'announcements of instances are not heard: addresses do not fail over by them');
      this.#timer = setTimeout(() => this.#open(), RETRY_MS);
      onProblem(fault.message);
    }
  }
}
