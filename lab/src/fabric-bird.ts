import type { FabricPeer, Router } from './layout.js';

/** What a fabric router announces of its own, besides passing on what its peers announce. */
export type Originated = {
  readonly prefixes4: readonly string[];
  readonly prefixes6: readonly string[];
  /** Its addresses in them, which it speaks from itself; absent: as the kernel chooses. */
  readonly source4?: string;
  readonly source6?: string;
};

const session = (router: Router, peer: FabricPeer, family: 4 | 6): string => {
  const address = family === 4 ? peer.address4 : peer.address6;
  return `protocol bgp ${protocolName(peer.name)}_v${family} from fabric {
  local as ${router.asn};
  neighbor ${address} as ${peer.asn};
  ipv${family} { import all; export where source ~ [ RTS_BGP, RTS_STATIC ]; next hop self; };
}
`;
};

/** BIRD's symbols are letters, digits and underscores (BIRD user's guide, 3.2); host names also have dashes and dots. */
const protocolName = (name: string): string => `to_${name.replaceAll(/[^a-zA-Z0-9]/g, '_')}`;

const statics = (prefixes: readonly string[], family: 4 | 6): string =>
  prefixes.length === 0
    ? ''
    : `protocol static { ipv${family}; ${prefixes.map((prefix) => `route ${prefix} blackhole;`).join(' ')} }
`;

/** With a source of its own, what a router sends by itself comes from that address, not from the link that it leaves by. */
const kernel = (family: 4 | 6, source: string | undefined): string => `protocol kernel {
  merge paths on limit 16;
  ipv${family} { import none; export ${source === undefined ? 'where source = RTS_BGP' : `filter { if source != RTS_BGP then reject; krt_prefsrc = ${source}; accept; }`}; };
}
`;

/**
 * The BIRD 2 configuration of a top-of-rack router or of the outside: eBGP with every peer, both families, equal paths merged.
 * Hold and retry times are short, so that a lab stands in a second or two.
 */
export const renderFabricBird = (router: Router, originated: Originated): string =>
  `router id ${router.loopback4};
log stderr { warning, error, fatal };
protocol device {}
protocol bfd {}
${kernel(4, originated.source4)}${kernel(6, originated.source6)}${statics(originated.prefixes4, 4)}${statics(originated.prefixes6, 6)}
template bgp fabric {
  hold time 9;
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 4;
  graceful restart on;
  bfd { interval 150 ms; multiplier 4; };
  ttl security on;
}
${router.peers.flatMap((peer) => [session(router, peer, 4), session(router, peer, 6)]).join('')}`;
