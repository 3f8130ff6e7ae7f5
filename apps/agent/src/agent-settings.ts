import { MAX_PHYSICAL_NETWORK, MAX_PHYSICAL_NETWORKS } from '@manx/feed';
import { type HostName, parseHostName } from '@manx/hoststate';
import {
  asCidr,
  asIp,
  type Cidr,
  cidrContains,
  familyOf,
  type Ip,
  isBroadcast,
  isMulticast,
  isUnspecified,
  parseCidr,
  parseIp,
} from '@manx/ip';
import { BIRD_BFD, BIRD_LIMIT_ACTIONS, BIRD_MAX_PREFIX, birdCommunity, MAX_CONNECTIONS } from '@manx/render';
import { readSettings, type TextFormats } from '@manx/settings';
import { type Static, Type } from 'typebox';

const strict = { additionalProperties: false };
const asn = (): ReturnType<typeof Type.Integer> => Type.Integer({ minimum: 1, maximum: 4_294_967_295 });

/** What the operator decides about a BGP session, whoever says whom it is with. */
const BGP_SESSION = {
  accept: Type.Optional(Type.Array(Type.String({ format: 'bgp-accept' }))),
  max_prefix: Type.Optional(
    Type.Object(
      {
        limit: Type.Integer({ minimum: 1, maximum: 10_000_000, default: BIRD_MAX_PREFIX.limit }),
        action: Type.Union(
          BIRD_LIMIT_ACTIONS.map((action) => Type.Literal(action)),
          { default: BIRD_MAX_PREFIX.action },
        ),
      },
      strict,
    ),
  ),
  communities: Type.Optional(Type.Array(Type.String({ format: 'bgp-community' }))),
  bfd: Type.Boolean({ default: false }),
  multihop: Type.Optional(Type.Integer({ minimum: 2, maximum: 255 })),
  ttl_security: Type.Boolean({ default: false }),
};

/** agent.yaml. */
const AGENT_SETTINGS = Type.Object(
  {
    host: Type.String({ format: 'host-name' }),
    server: Type.Object({ url: Type.String({ format: 'http-url' }), token_file: Type.String({ minLength: 1 }) }, strict),
    state_dir: Type.String({ format: 'absolute-path', default: '/var/lib/manx' }),
    run_dir: Type.String({ format: 'absolute-path', default: '/run/manx' }),
    bgp: Type.Optional(
      Type.Object(
        {
          asn: asn(),
          router_id: Type.String({ format: 'ipv4' }),
          peers: Type.Array(
            Type.Object(
              {
                name: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_-]{0,39}$' }),
                address: Type.String({ format: 'ip' }),
                local_address: Type.Optional(Type.String({ format: 'ip' })),
                asn: asn(),
                password: Type.Optional(Type.String({ format: 'md5-password' })),
                ...BGP_SESSION,
              },
              strict,
            ),
            { default: [] },
          ),
          api_peers: Type.Optional(
            Type.Object({ ...BGP_SESSION, local_addresses: Type.Optional(Type.Array(Type.String({ format: 'ip' }))) }, strict),
          ),
          bfd: Type.Optional(
            Type.Object(
              {
                interval_ms: Type.Integer({ minimum: 10, maximum: 60_000, default: BIRD_BFD.intervalMs }),
                multiplier: Type.Integer({ minimum: 2, maximum: 255, default: BIRD_BFD.multiplier }),
              },
              strict,
            ),
          ),
        },
        strict,
      ),
    ),
    dhcp: Type.Object(
      {
        domain: Type.Optional(Type.String({ format: 'domain' })),
        lease_seconds: Type.Integer({ minimum: 120, maximum: 31_536_000, default: 86_400 }),
        messages_per_second: Type.Integer({ minimum: 1, maximum: 100_000, default: 10 }),
        burst: Type.Integer({ minimum: 1, maximum: 100_000, default: 50 }),
      },
      { ...strict, default: {} },
    ),
    host_snat: Type.Optional(Type.Object({ address: Type.String({ format: 'host-ipv4' }) }, strict)),
    metadata: Type.Optional(
      Type.Object(
        {
          nova_url: Type.String({ format: 'http-url' }),
          shared_secret_file: Type.String({ format: 'absolute-path' }),
          port: Type.Integer({ minimum: 1, maximum: 65_535, default: 9775 }),
          requests_per_second: Type.Integer({ minimum: 1, maximum: 100_000, default: 20 }),
          burst: Type.Integer({ minimum: 1, maximum: 100_000, default: 100 }),
        },
        strict,
      ),
    ),
    dns: Type.Object(
      {
        enabled: Type.Boolean({ default: true }),
        forwarders: Type.Array(Type.String({ format: 'forwarder' }), { default: [], maxItems: 8, uniqueItems: true }),
        port: Type.Integer({ minimum: 1, maximum: 65_535, default: 9753 }),
        queries_per_second: Type.Integer({ minimum: 1, maximum: 100_000, default: 200 }),
        burst: Type.Integer({ minimum: 1, maximum: 100_000, default: 400 }),
      },
      { ...strict, default: {} },
    ),
    multicast: Type.Optional(
      Type.Object(
        {
          address: Type.String({ format: 'host-ipv4' }),
          hosts: Type.Array(Type.String({ format: 'ipv4-cidr' }), { minItems: 1, uniqueItems: true }),
          port: Type.Integer({ minimum: 1, maximum: 65_535, default: 9776 }),
        },
        strict,
      ),
    ),
    multicast_query_seconds: Type.Integer({ minimum: 1, maximum: 3_600, default: 60 }),
    endpoint_to_host: Type.Union([Type.Literal('drop'), Type.Literal('accept')], { default: 'drop' }),
    max_connections: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_CONNECTIONS })),
    physical_networks: Type.Array(Type.String({ format: 'network-name' }), {
      default: [],
      maxItems: MAX_PHYSICAL_NETWORKS,
      uniqueItems: true,
    }),
    protected_prefixes: Type.Array(Type.String({ format: 'cidr' }), { default: [] }),
    metrics: Type.Optional(
      Type.Object({ address: Type.String({ format: 'ip' }), port: Type.Integer({ minimum: 1, maximum: 65_535 }) }, strict),
    ),
    network_log: Type.Object(
      {
        rate_limit: Type.Integer({ minimum: 1, maximum: 100_000, default: 100 }),
        burst_limit: Type.Integer({ minimum: 1, maximum: 100_000, default: 25 }),
        local_output_log_base: Type.Optional(Type.String({ format: 'absolute-path' })),
      },
      { ...strict, default: {} },
    ),
    drops_seconds: Type.Integer({ minimum: 1, maximum: 3_600, default: 2 }),
    audit_seconds: Type.Integer({ minimum: 1, maximum: 86_400, default: 300 }),
    log: Type.Object(
      { level: Type.Union(['debug', 'info', 'warn', 'error'].map((level) => Type.Literal(level))) },
      { ...strict, default: { level: 'info' } },
    ),
  },
  strict,
);

const NO_UNICAST = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'].map(asCidr);

const NO_FORWARDER = ['169.254.0.0/16', 'fe80::/10'].map(asCidr);

const FORMATS: TextFormats = {
  'host-name': { check: (text) => parseHostName(text) !== null, says: 'a host name as Nova writes it, such as compute-1' },
  'absolute-path': {
    check: (text) => /^\/[^\0]+$/.test(text) && !text.split('/').includes('..'),
    says: 'a path from the root, such as /run/manx',
  },
  'http-url': { check: isHttpUrl, says: 'a URL such as http://198.19.0.1:9697' },
  domain: {
    check: (text) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(text) && text.length < 254,
    says: 'a domain name',
  },
  'md5-password': { check: (text) => /^[ !#-~]{1,80}$/.test(text), says: '1 to 80 printable ASCII characters without a double quote' },
  'bgp-accept': {
    check: (text) => text === 'default' || text === 'any' || isPrefix(text),
    says: '`default` (the default route), `any`, or a prefix such as 10.0.0.0/8, without host bits',
  },
  'bgp-community': { check: (text) => birdCommunity(text) !== null, says: 'a community such as "65000:100" or "65000:1:2"' },
  ipv4: { check: (text) => isFamily(text, 4), says: 'an IPv4 address such as 192.0.2.1' },
  'host-ipv4': { check: isUnicast4, says: 'an IPv4 address of this host alone, such as 192.0.2.1' },
  ip: { check: (text) => parseIp(text) !== null, says: 'an IPv4 or IPv6 address' },
  forwarder: { check: isForwarder, says: 'the IPv4 or IPv6 address of a resolver, such as 192.0.2.53, and no link-local one' },
  'network-name': {
    check: (text) => /^[^\p{C}]+$/u.test(text) && text.length <= MAX_PHYSICAL_NETWORK,
    says: `the name of a physical network, of 1 to ${MAX_PHYSICAL_NETWORK} characters`,
  },
  'ipv4-cidr': {
    check: (text) => isPrefix(text) && familyOf(asCidr(text)) === 4,
    says: 'an IPv4 prefix such as 192.0.2.0/24, without host bits',
  },
  cidr: { check: (text) => parseCidr(text)?.hostBits === false, says: 'a prefix such as 198.19.0.0/24, without host bits' },
};

/** What an operator decides about an agent, read and checked. */
export type AgentSettings = Omit<Static<typeof AGENT_SETTINGS>, 'host' | 'protected_prefixes'> & {
  readonly host: HostName;
  readonly protected_prefixes: readonly Cidr[];
};

/** Reads agent.yaml. Throws SettingsFault naming file, line and column. */
export const readAgentSettings = async (path: string): Promise<AgentSettings> =>
  // The formats have checked what the brands promise.
  (await readSettings(path, AGENT_SETTINGS, FORMATS)) as unknown as AgentSettings;

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, hash } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && pathname === '/' && search === '' && hash === '';
}

function isPrefix(text: string): boolean {
  const parsed = parseCidr(text);
  return parsed !== null && !parsed.hostBits && !text.endsWith('/0');
}

/** Not of this network, loopback, link-local, multicast or reserved (RFC 6890). */
function isUnicast4(text: string): boolean {
  return isFamily(text, 4) && !NO_UNICAST.some((cidr) => cidrContains(cidr, asIp(text)));
}

/** Of this host (127.0.0.53) or elsewhere, but not what instances ask this very agent at. */
function isForwarder(text: string): boolean {
  const ip = parseIp(text);
  return ip !== null && !isUnspecified(ip) && !isMulticast(ip) && !isBroadcast(ip) && !NO_FORWARDER.some((cidr) => cidrContains(cidr, ip));
}

function isFamily(text: string, family: 4 | 6): boolean {
  const ip: Ip | null = parseIp(text);
  return ip !== null && familyOf(ip) === family;
}
