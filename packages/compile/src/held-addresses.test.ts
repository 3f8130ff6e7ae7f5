import { asHostName, type Endpoint, isPrefix, memberOf } from '@manx/hoststate';
import { compareIps, type Ip } from '@manx/ip';
import { applyChanges, type Change, put, State } from '@manx/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileHost } from './compile-host.js';
import { Compiler } from './compiler.js';
import { fixedIp, floatingIp, forwarding, port, router } from './testing/cloud.js';
import { commits, FOUNDATION, HOSTS } from './testing/random-changes.js';

/** Who receives what is sent to each address, by the full compilation: ports, and of floating IPs also the fixed one. */
function holdersOf(state: State): ReadonlyMap<Ip, ReadonlySet<string>> {
  const holders = new Map<Ip, Set<string>>();
  const add = (ip: Ip, who: string): unknown => holders.set(ip, (holders.get(ip) ?? new Set()).add(who));
  const file = ({ id, addresses, pairs, floating, forwards }: Endpoint): void => {
    for (const { ip } of addresses) add(ip, id);
    for (const { cidr, isRouted } of pairs) if (isRouted && !isPrefix(memberOf(cidr))) add(memberOf(cidr) as Ip, id);
    for (const { ip, fixed } of floating) add(ip, `${id} as ${fixed}`);
    for (const { ip } of forwards) add(ip, 'any forward');
  };
  for (const host of HOSTS) for (const endpoint of compileHost(state, asHostName(host)).endpoints.values()) file(endpoint);
  return holders;
}

type Holders = ReadonlyMap<Ip, ReadonlySet<string>>;

/** What is told between two commits; `vacant` is what was lost and is nobody's, with those who had it, before and then after. */
function expectedBetween(before: Holders, after: Holders, vacant: Map<Ip, ReadonlySet<string>>): readonly Ip[] {
  const isOthers = (ip: Ip, holders: ReadonlySet<string>): boolean => ![...(after.get(ip) ?? [])].some((holder) => holders.has(holder));
  const lost = [...before].filter(([ip, holders]) => isOthers(ip, holders));
  const taken = [...vacant].filter(([ip]) => after.has(ip));
  for (const [ip] of taken) vacant.delete(ip);
  for (const [ip, holders] of lost) if (!after.has(ip)) vacant.set(ip, holders);
  return [...lost, ...taken.filter(([ip, holders]) => isOthers(ip, holders))].map(([ip]) => ip).sort(compareIps);
}

/** Puts changes into a cloud one commit after the other; what each releases. */
function releasedBy(...sequence: readonly (readonly Change[])[]): readonly (readonly Ip[])[] {
  const state = new State();
  applyChanges(state, FOUNDATION);
  const compiler = new Compiler(state);
  return sequence.map((changes) => {
    applyChanges(state, changes);
    compiler.apply(changes, state);
    return compiler.released;
  });
}

describe('S16: addresses that are released', () => {
  it('are those whose receivers are all others or nobody after a commit, and those that have another again: as full compilations say', () => {
    let met = 0;
    fc.assert(
      fc.property(commits, (sequence) => {
        const state = new State();
        applyChanges(state, FOUNDATION);
        const compiler = new Compiler(state);
        expect(compiler.released).toEqual([]);
        let before = holdersOf(state);
        const vacant = new Map<Ip, ReadonlySet<string>>();
        for (const changes of sequence) {
          applyChanges(state, changes);
          compiler.apply(changes, state);
          const after = holdersOf(state);
          expect(compiler.released).toEqual(expectedBetween(before, after, vacant));
          met += compiler.released.length;
          before = after;
        }
      }),
      { numRuns: 60 },
    );
    expect(met).toBeGreaterThan(20);
  });

  const ip = '10.65.0.2';
  const on = (host: string, more: Parameters<typeof port>[1] = {}): Change =>
    put('port', port('port-1', { fixed_ips: [fixedIp(ip, 'sub-a4')], 'binding:host_id': host, ...more }));
  const heir = (host: string): Change => put('port', port('port-2', { fixed_ips: [fixedIp(ip, 'sub-a4')], 'binding:host_id': host }));
  const gone: Change = { op: 'delete', kind: 'port', id: 'port-1' };

  it.each<[string, readonly (readonly Change[])[], readonly (readonly string[])[]]>([
    ['a port that ends releases its address', [[on('h1')], [gone]], [[], [ip]]],
    ['its heir in the same commit makes no difference', [[on('h1')], [gone, heir('h2')]], [[], [ip]]],
    [
      'it is told again when somebody has it, be it long after',
      [[on('h1')], [gone], [], [heir('h2')], [heir('h1')]],
      [[], [ip], [], [ip], []],
    ],
    ['of one that nobody had before nothing is told', [[heir('h2')]], [[]]],
    ['a port that goes to another host keeps it', [[on('h1')], [on('h2')]], [[], []]],
    ['a port that goes down keeps it', [[on('h1')], [on('h1', { admin_state_up: false })]], [[], []]],
    ['a port that is not plugged in any more releases it, and nothing when it ends', [[on('h1')], [on('')], [gone]], [[], [ip], []]],
    [
      'a port with another address releases the one it had',
      [[on('h1')], [on('h1', { fixed_ips: [fixedIp('10.65.0.3', 'sub-a4')] })]],
      [[], [ip]],
    ],
  ])('%s', (_, sequence, expected) => {
    expect(releasedBy(...sequence)).toEqual(expected);
  });

  const paired = (id: string, ip_address: string | null): Change =>
    put(
      'port',
      port(id, {
        'binding:host_id': 'h1',
        allowed_address_pairs: ip_address === null ? [] : [{ ip_address, mac_address: 'fa:16:3e:00:00:01' }],
      }),
    );

  it('a pair that several have is released by the last of them', () => {
    const [shared, one, none] = ['10.65.0.50', '10.65.0.50', null];
    expect(releasedBy([paired('port-1', shared), paired('port-2', one)], [paired('port-1', none)], [paired('port-2', none)])).toEqual([
      [],
      [],
      [shared],
    ]);
  });

  it('nobody ends the flows of others by a pair that comes and goes: of another’s address, or of one outside', () => {
    for (const pair of [ip, '192.0.2.1'])
      expect(releasedBy([on('h1'), paired('port-2', pair)], [paired('port-2', null)])).toEqual([[], []]);
  });

  it('a floating IP that stands for another address, or for none, is released', () => {
    const floating = (port_id: string | null, fixed_ip_address: string | null): Change =>
      put('floatingip', floatingIp('fip-1', { floating_ip_address: '172.18.3.23', port_id, fixed_ip_address }));
    const other = put('port', port('port-2', { fixed_ips: [fixedIp('10.65.0.3', 'sub-a4')], 'binding:host_id': 'h2' }));
    const lets = put('router', router('r'));
    expect(releasedBy([on('h1'), other, lets, floating('port-1', ip)], [floating('port-2', '10.65.0.3')], [floating(null, null)])).toEqual([
      [],
      ['172.18.3.23'],
      ['172.18.3.23'],
    ]);
  });

  it('forwards that another port carries now are held all the while, whichever of the two is looked at first; the last of them releases their address', () => {
    const forwarded = (id: string, on: number): Change => {
      const ports = { external_first_port: on, external_last_port: on, created_at: `2026-01-01T00:00:0${on}Z` };
      return put(
        'port_forwarding',
        forwarding(id, 'fip-1', { internal_port_id: `port-${on}`, internal_ip_address: `10.65.0.${on}`, ...ports }),
      );
    };
    const target = (n: number, more: object = {}): Change =>
      put('port', port(`port-${n}`, { fixed_ips: [fixedIp(`10.65.0.${n}`, 'sub-a4')], 'binding:host_id': 'h1', ...more }));
    const floating = put('floatingip', floatingIp('fip-1', { floating_ip_address: '172.18.3.23', port_id: null, fixed_ip_address: null }));
    const made = [put('router', router('r')), target(2), target(3), floating, forwarded('f1', 2), forwarded('f2', 3)];
    const gone = (id: string): Change => ({ op: 'delete', kind: 'port_forwarding', id });
    const moves = [[target(2, { admin_state_up: false })], [target(2)], [gone('f1')]];
    expect(releasedBy(made, ...moves, [gone('f2')])).toEqual([[], [], [], [], ['172.18.3.23']]);
  });
});
