import { demandDone, Fault } from '../fault.js';
import { readSysctl, writeSysctl } from '../files/sysctl.js';
import { openLinkSender } from '../listeners/open-link-sender.js';
import type { Rtnetlink } from '../rtnetlink/rtnetlink.js';

/** The interface that frames are put in by; it is there for a moment only. */
const INJECTOR = 'manx-trace';

/**
 * Has a frame come in by an interface as if its other end had sent it: through the netdev chains, the limits and the source check, whatever kind of interface it
 * is. It is sent by an interface made for it, whose filter puts it in there (act_mirred, `ingress redirect`). Throws Fault when the kernel refuses, which for
 * `clsact` says that it lacks `sch_ingress`, and changes nothing that lasts.
 */
export const injectAtTap = (rtnetlink: Rtnetlink, ifindex: number, frame: Buffer): void => {
  // What an agent that was killed in the midst of this has left.
  removeInjector(rtnetlink);
  try {
    demandDone(rtnetlink.apply([{ kind: 'put-link', ifname: INJECTOR, type: 'ifb' }]));
    const injector = rtnetlink.link(INJECTOR);
    if (injector === null) throw new Fault({ code: 'missing', op: 'inject', subject: INJECTOR, detail: 'it went away' });
    // Nothing of the host's own may be said by it: it would be taken for the instance's.
    const setting = `net/ipv6/conf/${INJECTOR}/disable_ipv6`;
    if (readSysctl(setting) !== null) writeSysctl(setting, '1');
    const by = { ifindex: injector.ifindex };
    demandDone(
      rtnetlink.apply([
        { kind: 'set-link', ...by, isUp: true },
        { kind: 'put-egress', ...by },
        { kind: 'put-injection', ...by, to: ifindex },
      ]),
    );
    const sender = openLinkSender();
    try {
      sender.send(injector.ifindex, frame);
    } finally {
      sender.close();
    }
  } finally {
    removeInjector(rtnetlink);
  }
};

/** Takes away what `injectAtTap` may have left where the process was killed within it. */
export const removeInjector = (rtnetlink: Rtnetlink): void => {
  demandDone(rtnetlink.apply([{ kind: 'delete-link', ifname: INJECTOR }]));
};
