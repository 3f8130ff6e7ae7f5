import type { EstablishedFlow, FlowCarrier, IfName } from '@manx/hoststate';
import { type Step, type StepFailure, shaperName } from '@manx/reconcile';
import { MANX_ROUTE_PROTOCOL } from '@manx/render';
import { demandDone, Fault } from '../fault.js';
import { readSysctl, writeSysctl } from '../files/sysctl.js';
import type { RtChange } from '../rtnetlink/change.js';
import type { HostPorts } from './host-ports.js';

/** What steps need beside the ports. */
export type StepContext = {
  readonly ports: HostPorts;
  /** The index of an interface as last read; null when it is not there. */
  readonly indexOf: (ifname: IfName) => number | null;
  /** Which established flows may go on. */
  readonly isAllowed: (flow: EstablishedFlow) => boolean;
  /** Which of the others do so all the same, translated in another way; none where it is left out. */
  readonly carriedTo?: FlowCarrier['carriedTo'];
  /** Called before a host-wide sysctl is written. */
  readonly onHostSysctl: (path: string) => void;
};

/** What became of the steps. `isHalted`: a transaction was refused, and nothing after it was done, since policy comes before reachability. `cut`: the established flows that were ended; `carried`: how many go on translated in another way. */
export type StepsOutcome = {
  readonly failures: readonly StepFailure[];
  readonly isHalted: boolean;
  readonly cut: readonly EstablishedFlow[];
  readonly carried: number;
};

/**
 * Does the steps in order; changes of links, addresses, routes and neighbours that follow one another go to the kernel together.
 * A refused step is reported and the others are done, but for those after a refused transaction. Throws only what is no Fault.
 */
export const applySteps = async (steps: readonly Step[], context: StepContext): Promise<StepsOutcome> => {
  const failures: StepFailure[] = [];
  let pending: { readonly step: Step; readonly change: RtChange }[] = [];
  const flowsCut: EstablishedFlow[] = [];
  let carried = 0;
  const flush = (): void => {
    const outcomes = pending.length === 0 ? [] : context.ports.rtnetlink.apply(pending.map(({ change }) => change));
    for (const [index, { step }] of pending.entries()) {
      const fault = outcomes[index];
      if (fault) failures.push({ step, detail: fault.message });
    }
    pending = [];
  };
  for (const step of steps) {
    try {
      const change = changeOf(step, context);
      if (change === 'done') continue;
      if (change !== null) {
        pending.push({ step, change });
        continue;
      }
      flush();
      if (step.kind === 'review-flows') {
        const reviewed = reviewFlows(step, context);
        flowsCut.push(...reviewed.cut);
        carried += reviewed.carried;
      } else await applyOther(step, context);
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      failures.push({ step, detail: fault.message });
      if (step.kind === 'apply-nft') return { failures, isHalted: true, cut: flowsCut, carried };
    }
  }
  flush();
  return { failures, isHalted: false, cut: flowsCut, carried };
};

/** The netlink change that a step is; `done` when its interface, and so what it would delete, is gone; null when it is of another kind. */
const changeOf = (step: Step, context: StepContext): RtChange | 'done' | null => {
  switch (step.kind) {
    case 'set-mac':
      return { kind: 'set-link', ifindex: needIndex(step.ifname, context), mac: step.mac };
    case 'add-address':
      return { kind: 'put-address', ifindex: needIndex(step.ifname, context), ip: step.ip, prefixLength: step.prefixLength };
    case 'delete-address': {
      const ifindex = context.indexOf(step.ifname);
      return ifindex === null ? 'done' : { kind: 'delete-address', ifindex, ip: step.ip, prefixLength: step.prefixLength };
    }
    case 'set-neighbour':
      return { kind: 'put-neighbour', ifindex: needIndex(step.neighbour.dev, context), ip: step.neighbour.ip, mac: step.neighbour.mac };
    case 'delete-neighbour': {
      const ifindex = context.indexOf(step.neighbour.dev);
      return ifindex === null ? 'done' : { kind: 'delete-neighbour', ifindex, ip: step.neighbour.ip };
    }
    case 'set-route': {
      const { destination, metric, hops } = step.route;
      const ways = hops.map(({ dev, via }) => ({ ifindex: needIndex(dev, context), via }));
      return { kind: 'put-route', destination, metric, protocol: MANX_ROUTE_PROTOCOL, hops: ways };
    }
    case 'delete-route': {
      const { destination, metric, hops } = step.route;
      // Without a way the kernel takes any route of ours to the destination.
      const ways = hops.flatMap(({ dev, via }) => (dev === null ? [] : [{ ifindex: context.indexOf(dev), via }]));
      const standing = ways.flatMap(({ ifindex, via }) => (ifindex === null ? [] : [{ ifindex, via }]));
      if (ways.length > 0 && standing.length === 0) return 'done';
      return { kind: 'delete-route', destination, metric, protocol: MANX_ROUTE_PROTOCOL, hops: hops.length === 1 ? standing : [] };
    }
    case 'limit-to-guest':
      return { kind: 'put-bucket', ifindex: needIndex(step.ifname, context), bucket: step.bucket };
    case 'unlimit-to-guest': {
      const ifindex = context.indexOf(step.ifname);
      return ifindex === null ? 'done' : { kind: 'delete-bucket', ifindex };
    }
    case 'apply-nft':
    case 'review-flows':
    case 'limit-from-guest':
    case 'unlimit-from-guest':
    case 'write-sysctl':
    case 'write-files':
    case 'stop-program':
      return null;
    default:
      return step satisfies never;
  }
};

const needIndex = (ifname: IfName, context: StepContext): number => {
  const ifindex = context.indexOf(ifname);
  if (ifindex === null) throw new Fault({ code: 'missing', op: 'find', subject: ifname, detail: 'no such interface', retry: true });
  return ifindex;
};

/** Ends what may not go on, or has it go on translated in another way. */
const reviewFlows = (
  { addresses }: Extract<Step, { kind: 'review-flows' }>,
  { ports: { conntrack }, isAllowed, carriedTo = () => null }: StepContext,
): Pick<StepsOutcome, 'cut' | 'carried'> => {
  const ended = conntrack.flows(new Set(addresses)).filter(({ flow }) => !isAllowed(flow));
  const ways = ended.map((tracked) => ({ tracked, target: carriedTo(tracked.flow) }));
  const cut = ways.flatMap(({ tracked, target }) => (target === null ? [tracked] : []));
  demandDone(conntrack.forget(cut));
  const carried = ways.flatMap(({ tracked, target }) =>
    target === null || target.ip === tracked.flow.answers.source ? [] : [{ tracked, target }],
  );
  demandDone(conntrack.carry(carried));
  return { cut: cut.map(({ flow }) => flow), carried: carried.length };
};

const applyOther = async (step: Exclude<Step, { kind: 'review-flows' }>, context: StepContext): Promise<void> => {
  const { nftables, programs } = context.ports;
  switch (step.kind) {
    case 'apply-nft':
      await nftables.apply(step.script);
      return;
    case 'write-sysctl':
      if (step.ifname === null) context.onHostSysctl(step.path);
      writeSysctl(step.path, step.value);
      return;
    case 'limit-from-guest':
      limitFromGuest(step, context);
      return;
    case 'unlimit-from-guest':
      unlimitFromGuest(step.ifname, context);
      return;
    case 'write-files':
      await programs[step.program].change(step);
      return;
    case 'stop-program':
      await programs[step.program].stop();
      return;
    case 'delete-route':
    case 'set-route':
    case 'set-mac':
    case 'limit-to-guest':
    case 'unlimit-to-guest':
    case 'add-address':
    case 'delete-address':
    case 'set-neighbour':
    case 'delete-neighbour':
      return;
    default:
      return step satisfies never;
  }
};

/**
 * What a guest sends waits in a shaper: the kernel can hold back only what goes out by an interface, and what comes in by the tap is led out by an
 * `ifb`, which gives it back (drivers/net/ifb.c). The bucket stands before anything is led to it.
 */
const limitFromGuest = ({ ifname, bucket, isLed }: Extract<Step, { kind: 'limit-from-guest' }>, context: StepContext): void => {
  const { rtnetlink } = context.ports;
  const shaper = shaperName(ifname);
  if (!isLed) {
    demandDone(rtnetlink.apply([{ kind: 'put-link', ifname: shaper, type: 'ifb' }]));
    // Else the kernel gives it an address, and looks for routers there.
    const path = `net/ipv6/conf/${shaper}/disable_ipv6`;
    if (readSysctl(path) !== null) writeSysctl(path, '1');
  }
  const to = rtnetlink.link(shaper)?.ifindex;
  if (to === undefined) throw new Fault({ code: 'missing', op: 'find', subject: shaper, detail: 'no such interface', retry: true });
  const ifindex = needIndex(ifname, context);
  const lead: readonly RtChange[] = [
    { kind: 'delete-ingress', ifindex },
    { kind: 'put-ingress', ifindex },
    { kind: 'put-redirect', ifindex, to },
  ];
  demandDone(
    rtnetlink.apply([{ kind: 'put-bucket', ifindex: to, bucket }, { kind: 'set-link', ifindex: to, isUp: true }, ...(isLed ? [] : lead)]),
  );
};

const unlimitFromGuest = (ifname: IfName, context: StepContext): void => {
  const ifindex = context.indexOf(ifname);
  const leads: readonly RtChange[] = ifindex === null ? [] : [{ kind: 'delete-ingress', ifindex }];
  demandDone(context.ports.rtnetlink.apply([...leads, { kind: 'delete-link', ifname: shaperName(ifname) }]));
};
