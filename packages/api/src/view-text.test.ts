import { INDEXES, type Port, RESOURCE_KINDS, view } from '@manx/model';
import { defaultPolicy } from '@manx/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTestApi } from './api-fixture.js';
import { viewTexter } from './view-text.js';

const actor = { user_id: null, project_id: 'admin', domain_id: null, roles: ['admin'], is_admin: true } as const;

/** What happens between two looks; numbers name ports and networks in the order in which they were made. */
const step = fc.oneof(
  fc.record({ what: fc.constant('port' as const), network: fc.nat(1) }),
  fc.record({ what: fc.constant('rename' as const), port: fc.nat(5), name: fc.string({ maxLength: 3 }) }),
  fc.record({ what: fc.constant('domain' as const), network: fc.nat(1), domain: fc.constantFrom('', 'a.example.', 'b.example.') }),
  fc.record({ what: fc.constant('delete' as const), port: fc.nat(5) }),
  fc.record({ what: fc.constant('refused' as const) }),
);

describe('viewTexter', () => {
  it('says after any changes what a view says that was never kept', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        const api = await openTestApi();
        try {
          const make = async (collection: string, key: string, values: object): Promise<string> =>
            ((await api.call(`POST /v2.0/${collection}`, { body: { [key]: values } })).json as unknown as Record<string, { id: string }>)[
              key
            ]?.id ?? '';
          const networks = [await make('networks', 'network', {}), await make('networks', 'network', {})];
          for (const [at, network_id] of networks.entries())
            await make('subnets', 'subnet', { network_id, ip_version: 4, cidr: `10.${at}.0.0/24` });
          const ports = [await make('ports', 'port', { network_id: networks[0] })];
          for (const one of steps) {
            if (one.what === 'port') ports.push(await make('ports', 'port', { network_id: networks[one.network] }));
            else if (one.what === 'refused') await make('ports', 'port', { network_id: 'nowhere' });
            else if (one.what === 'domain')
              await api.call(`PUT /v2.0/networks/${networks[one.network]}`, { body: { network: { dns_domain: one.domain } } });
            else if (one.what === 'rename')
              await api.call(`PUT /v2.0/ports/${ports[one.port % ports.length]}`, { body: { port: { name: one.name } } });
            else await api.call(`DELETE /v2.0/ports/${ports[one.port % ports.length]}`);
            const { state } = api.ledger;
            const context = { state, actor, policy: defaultPolicy, fields: [] };
            for (const kind of ['port', 'network', 'subnet'] as const) {
              const textOf = viewTexter(kind, context);
              for (const resource of state.all(kind)) {
                expect(JSON.parse(textOf(resource))).toEqual(JSON.parse(JSON.stringify(view(kind, resource, context))));
              }
            }
          }
        } finally {
          await api.close();
        }
      }),
      { numRuns: 25 },
    );
  });

  it('makes nothing again for a port while only ports change', async () => {
    const api = await openTestApi();
    await api.call('POST /v2.0/networks', { body: { network: { dns_domain: 'a.example.' } } });
    const { state } = api.ledger;
    const [network] = [...state.all('network')];
    const reads: string[] = [];
    const looked = new Proxy(state, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]) => {
          if (name === 'get') reads.push(String(args[0]));
          return (value as (...args: readonly unknown[]) => unknown).apply(target, [...args]);
        };
      },
    });
    const port = { id: 'p', network_id: network?.id, fixed_ips: [], dns_name: '', dns_domain: '', project_id: 'admin' } as unknown as Port;
    const context = { state: looked, actor, policy: defaultPolicy, fields: [] };
    const first = viewTexter('port', context)(port);
    expect(reads).toContain('network');
    reads.length = 0;
    expect(viewTexter('port', context)(port)).toBe(first);
    expect(reads).toEqual([]);
    await api.close();
  });

  it('an index is named for its kind, which is how reads through it are told', () => {
    for (const kind of RESOURCE_KINDS) for (const name of Object.keys(INDEXES[kind])) expect(name.startsWith(`${kind}.`)).toBe(true);
  });
});
