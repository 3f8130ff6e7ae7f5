import { DROP_REASONS, type DropReason, type Endpoint, isObjectId } from '@manx/hoststate';
import type { NftChain, NftMeter, NftSet } from '../host-plan.js';
import { remember } from '../remember.js';
import type { RenderSettings } from '../settings.js';
import { type DropChains, SAMPLE_BYTES } from './drop-chains.js';
import { acceptChain, dropName } from './names.js';

/** Where what Neutron's logs ask for is told to the agent (NFLOG): the prefix is `accept-egress`, `accept-ingress`, or the reason of a drop. */
export const LOG_GROUP = 82;

/** What the prefixes of accepted packets begin with; the direction follows. */
export const ACCEPT_PREFIX = 'accept-';

/** A tap that was quiet for so long has its whole burst again, whatever it is. */
const QUIET_S = 600;

/** The sets that hold how much of each tap may still be logged: many drops take nothing from what is accepted. */
const METER: NftMeter = { type: 'ifname', size: 65_535, timeoutS: QUIET_S };
const DROPS = 'log-drops';
const ACCEPTS = 'log-accepts';

/** The policies of an endpoint of which accepted packets are logged. */
export function loggedPolicies({ isSecured, logs, policies }: Endpoint): ReadonlySet<string> {
  const accepts = logs.filter(({ event }) => event !== 'drop');
  const isMeant = (id: string): boolean => accepts.some(({ policy }) => policy === null || policy === id);
  return new Set(isSecured ? policies.filter((id) => isObjectId(id) && isMeant(id)) : []);
}

/** The taps of which drops are logged; null where there are none, and then no rule asks. */
export const loggedTaps = remember((endpoints: readonly Endpoint[]): NftSet | null => {
  const taps = endpoints.flatMap(({ ifname, logs }) => (logs.some(({ event }) => event !== 'accept') ? [`"${ifname}"`] : []));
  return taps.length === 0 ? null : { type: 'ifname', flags: [], elements: new Set(taps) };
});

/** The set of the taps of which drops are logged. */
export const LOGGED_TAPS = 'logged';

/** What takes the place of the chains that drop where drops of some tap are logged: the same, and in the midst what logs. */
export const loggedDrops = remember(({ chains }: DropChains) =>
  remember(
    ({ logLimit }: RenderSettings): DropChains => ({
      chains: chains.map(([name, { hook, rules }]) => [name, { hook, rules: [...logDropRules(name, logLimit), ...rules] }] as const),
      meters: [[DROPS, METER]],
    }),
  ),
);

/** By a floating IP no tap is told: what is over its limit is not logged. */
function logDropRules(chain: string, limit: RenderSettings['logLimit']): readonly string[] {
  const reason = (Object.keys(DROP_REASONS) as DropReason[]).find((one) => dropName(one) === chain);
  if (reason === undefined || DROP_REASONS[reason].isByFloatingIp) return [];
  const tap = DROP_REASONS[reason].direction === 'egress' ? 'iifname' : 'oifname';
  return [`${tap} @${LOGGED_TAPS} ${logStatement(DROPS, { tap, prefix: reason, limit })}`];
}

/** The chains in which logged policies end, in place of accepting by themselves. */
export const acceptChains = remember(
  ({ logLimit: limit }: RenderSettings): ReadonlyArray<readonly [string, NftChain]> =>
    (['egress', 'ingress'] as const).map((direction) => {
      const tap = direction === 'egress' ? 'iifname' : 'oifname';
      return [
        acceptChain(direction),
        { hook: null, rules: [logStatement(ACCEPTS, { tap, prefix: `${ACCEPT_PREFIX}${direction}`, limit }), 'accept'] },
      ];
    }),
);

/** The meter of `acceptChains`. */
export const ACCEPT_METERS: ReadonlyArray<readonly [string, NftMeter]> = [[ACCEPTS, METER]];

/** A policy's chain as it is for ports where what it accepts is logged. */
export function loggedPolicy(direction: 'egress' | 'ingress', chain: NftChain): NftChain {
  return LOGGED[direction](chain);
}

const loggedIn = (direction: 'egress' | 'ingress'): ((chain: NftChain) => NftChain) =>
  remember(({ hook, rules }) => ({ hook, rules: rules.map((rule) => rule.replace(/accept$/, `goto ${acceptChain(direction)}`)) }));

const LOGGED = { egress: loggedIn('egress'), ingress: loggedIn('ingress') } as const;

function logStatement(
  meter: string,
  { tap, prefix, limit }: { readonly tap: string; readonly prefix: string; readonly limit: RenderSettings['logLimit'] },
): string {
  const rate = `limit rate ${limit.perSecond}/second burst ${limit.burst} packets`;
  return `update @${meter} { ${tap} ${rate} } log prefix "${prefix}" group ${LOG_GROUP} snaplen ${SAMPLE_BYTES}`;
}
