import type { IfName, Member } from '@manx/hoststate';
import type { Ip, Mac } from '@manx/ip';
import type { NeighbourPlan, RoutePlan, TokenBucket } from '@manx/render';
import type { Program, RouteFact } from './host-facts.js';

/** One thing to do to the host. Each is idempotent: doing it twice, or when it is already so, succeeds. */
export type Step =
  | { readonly kind: 'delete-route'; readonly route: RouteFact }
  /** One transaction of nft text (`nft -f`): all of it or nothing. */
  | { readonly kind: 'apply-nft'; readonly script: string }
  /** Look at the conntrack flows from or to these addresses and prefixes, and delete those that the host state no longer allows. */
  | { readonly kind: 'review-flows'; readonly addresses: readonly Member[] }
  | { readonly kind: 'write-sysctl'; readonly path: string; readonly value: string; readonly ifname: IfName | null }
  | { readonly kind: 'set-mac'; readonly ifname: IfName; readonly mac: Mac }
  /** The tap's root discipline, in place of any other. */
  | { readonly kind: 'limit-to-guest'; readonly ifname: IfName; readonly bucket: TokenBucket }
  | { readonly kind: 'unlimit-to-guest'; readonly ifname: IfName }
  /** The bucket of the tap's shaper; unless `isLed`, makes the shaper, and leads what the guest sends through it. */
  | { readonly kind: 'limit-from-guest'; readonly ifname: IfName; readonly bucket: TokenBucket; readonly isLed: boolean }
  | { readonly kind: 'unlimit-from-guest'; readonly ifname: IfName }
  /**
   * IPv6 addresses are added without duplicate address detection (IFA_F_NODAD). Without `hasPrefixRoute` the kernel must
   * make no route for the prefix (IFA_F_NOPREFIXROUTE): the rest of it is not on this link.
   */
  | {
      readonly kind: 'add-address';
      readonly ifname: IfName;
      readonly ip: Ip;
      readonly prefixLength: number;
      readonly hasPrefixRoute: boolean;
    }
  | { readonly kind: 'delete-address'; readonly ifname: IfName; readonly ip: Ip; readonly prefixLength: number }
  /** Permanent (NUD_PERMANENT); takes the place of a learnt entry. */
  | { readonly kind: 'set-neighbour'; readonly neighbour: NeighbourPlan }
  | { readonly kind: 'delete-neighbour'; readonly neighbour: NeighbourPlan }
  /** Takes the place of a route to the same destination with the same metric (NLM_F_REPLACE). */
  | { readonly kind: 'set-route'; readonly route: RoutePlan }
  /** Write and remove files atomically, then make the program read them. */
  | {
      readonly kind: 'write-files';
      readonly program: Program;
      readonly write: ReadonlyMap<string, string>;
      readonly remove: readonly string[];
    }
  /** Stop the program; only on cleanup. */
  | { readonly kind: 'stop-program'; readonly program: Program };

/** A step that the host refused, and what it said. */
export type StepFailure = { readonly step: Step; readonly detail: string };

/** The step in one line, for logs and dry runs. */
export function formatStep(step: Step): string {
  switch (step.kind) {
    case 'delete-route':
      return `delete route ${routeText(step.route)}`;
    case 'set-route':
      return `set route ${routeText(step.route)}`;
    case 'apply-nft':
      return `apply nft: ${step.script.split('\n').length - 1} lines in one transaction`;
    case 'review-flows':
      return `review flows of ${step.addresses.length} addresses`;
    case 'write-sysctl':
      return `write sysctl ${step.path} = ${step.value}`;
    case 'set-mac':
      return `set mac of ${step.ifname} to ${step.mac}`;
    case 'limit-to-guest':
      return `limit what the guest on ${step.ifname} is sent to ${bucketText(step.bucket)}`;
    case 'limit-from-guest':
      return `limit what the guest on ${step.ifname} sends to ${bucketText(step.bucket)}`;
    case 'unlimit-to-guest':
      return `let the guest on ${step.ifname} be sent without limit`;
    case 'unlimit-from-guest':
      return `let the guest on ${step.ifname} send without limit`;
    case 'add-address':
      return `add address ${step.ip}/${step.prefixLength} to ${step.ifname}`;
    case 'delete-address':
      return `delete address ${step.ip}/${step.prefixLength} from ${step.ifname}`;
    case 'set-neighbour':
      return `set neighbour ${neighbourText(step.neighbour)}`;
    case 'delete-neighbour':
      return `delete neighbour ${neighbourText(step.neighbour)}`;
    case 'write-files':
      return `write files of ${step.program}: ${[...step.write.keys(), ...step.remove.map((name) => `-${name}`)].join(' ')}`;
    case 'stop-program':
      return `stop ${step.program}`;
    default:
      return step satisfies never;
  }
}

/** The interfaces that the step concerns; null when it concerns the whole host. */
export function stepInterfaces(step: Step): readonly IfName[] | null {
  switch (step.kind) {
    case 'delete-route':
    case 'set-route': {
      const devs = step.route.hops.flatMap(({ dev }) => (dev === null ? [] : [dev]));
      return devs.length === 0 ? null : devs;
    }
    case 'set-neighbour':
    case 'delete-neighbour':
      return [step.neighbour.dev];
    case 'write-sysctl':
    case 'set-mac':
    case 'limit-to-guest':
    case 'limit-from-guest':
    case 'unlimit-to-guest':
    case 'unlimit-from-guest':
    case 'add-address':
    case 'delete-address':
      return step.ifname === null ? null : [step.ifname];
    case 'apply-nft':
    case 'review-flows':
    case 'write-files':
    case 'stop-program':
      return null;
    default:
      return step satisfies never;
  }
}

function routeText({ destination, hops, metric }: RouteFact): string {
  const ways = hops.flatMap(({ dev, via }) => (dev === null ? [] : [via === null ? ` dev ${dev}` : ` via ${via} dev ${dev}`]));
  return `${destination}${hops.length === 0 ? ' to nowhere' : ways.join(' and')} metric ${metric}`;
}

function bucketText({ rate, burst }: TokenBucket): string {
  return `${rate} bytes per second, ${burst} at once`;
}

function neighbourText({ ip, mac, dev }: NeighbourPlan): string {
  return `${ip} at ${mac} dev ${dev}`;
}
