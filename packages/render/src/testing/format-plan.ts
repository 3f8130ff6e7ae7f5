import type { HostPlan, NftChain, NftMap, NftMeter, NftSet, NftTable, TokenBucket } from '../host-plan.js';

/** The tables as a file for `nft -f`, in the order of the plan. */
export function formatTables(tables: readonly NftTable[]): string {
  return tables.map((table) => block(`table ${table.family} ${table.name}`, tableLines(table)).join('\n')).join('\n\n') + '\n';
}

/** All of the plan that is not nft, a line an object. */
export function formatRest(plan: HostPlan): string {
  const lines = [
    ...[...plan.sysctls].map(([path, value]) => `sysctl ${path} = ${value}`),
    ...[...plan.links.values()].flatMap((link) => [
      `link ${link.ifname} mac ${link.mac}`,
      ...link.addresses.map(({ ip, prefixLength }) => `  address ${ip}/${prefixLength}`),
      ...[...link.sysctls].map(([path, value]) => `  sysctl ${path} = ${value}`),
      ...bucketLines('to', link.toGuest),
      ...bucketLines('from', link.fromGuest),
    ]),
    ...[...plan.neighbours.values()].map(({ ip, mac, dev }) => `neighbour ${ip} at ${mac} dev ${dev}`),
    ...[...plan.routes.values()].map(
      ({ destination, hops, metric }) =>
        `route ${destination} ${hops.length === 0 ? 'to nowhere' : hops.map(({ dev, via }) => (via === null ? `dev ${dev}` : `via ${via} dev ${dev}`)).join(' and ')} metric ${metric}`,
    ),
    ...plan.problems.map(({ code, subject, detail }) => `problem ${code} of ${subject}: ${detail}`),
  ];
  return `${lines.join('\n')}\n`;
}

function bucketLines(direction: 'to' | 'from', bucket: TokenBucket | null): string[] {
  if (bucket === null) return [];
  return [`  ${direction} the guest ${bucket.rate} bytes/second burst ${bucket.burst} queue ${bucket.queue}`];
}

function tableLines(table: NftTable): string[] {
  return [
    ...[...table.counters].map((name) => `counter ${name} { }`),
    ...[...table.meters].map(([name, meter]) => `set ${name} { ${meterText(meter)} }`),
    ...[...table.sets].flatMap(([name, set]) => block(`set ${name}`, setLines(set))),
    ...[...table.maps].flatMap(([name, map]) => block(`map ${name}`, mapLines(map))),
    ...[...table.chains].flatMap(([name, chain]) => block(`chain ${name}`, chainLines(chain))),
  ];
}

function setLines(set: NftSet): string[] {
  return [
    set.typeof === undefined ? `type ${set.type};` : `typeof ${set.typeof};`,
    ...flagLines(set.flags),
    ...elementLines([...set.elements]),
  ];
}

function meterText({ type, typeof: of, size, timeoutS }: NftMeter): string {
  const key = of === undefined ? `type ${type}` : `typeof ${of}`;
  return `${key}; size ${size}; flags dynamic${timeoutS === null ? '' : `, timeout; timeout ${timeoutS}s`};`;
}

function mapLines(map: NftMap): string[] {
  return [
    `type ${map.type} : ${map.value};`,
    ...flagLines(map.flags),
    ...elementLines([...map.elements].map(([key, value]) => `${key} : ${value}`)),
  ];
}

function flagLines(flags: readonly string[]): string[] {
  return flags.length === 0 ? [] : [`flags ${flags.join(', ')};`];
}

function elementLines(elements: readonly string[]): string[] {
  return elements.length === 0
    ? []
    : block(
        'elements =',
        elements.map((element, i) => (i + 1 < elements.length ? `${element},` : element)),
      );
}

function chainLines({ hook, rules }: NftChain): string[] {
  const base = hook === null ? [] : [`type ${hook.type} hook ${hook.hook} priority ${hook.priority}; policy ${hook.policy};`];
  return [...base, ...rules];
}

function block(head: string, lines: readonly string[]): string[] {
  return [`${head} {`, ...lines.map((line) => `\t${line}`), '}'];
}
