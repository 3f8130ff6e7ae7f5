import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Actor } from '../actor.js';
import { isProblem } from '../problem.js';
import { gatewayInfo } from './gateway-info.js';
import { portRange } from './port-range.js';
import { ROUTING_ACTIONS } from './routing-actions.js';

const ADMIN: Actor = { user_id: 'root', project_id: 'admin', domain_id: null, roles: ['admin'], is_admin: true };

const ROUTE = { destination: '192.0.2.0/24', nexthop: '10.0.0.9' };

describe('bodies of routing', () => {
  it('no JSON makes an action, a gateway or a port range throw; what is read is of the right shape', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (json) => {
        for (const action of ROUTING_ACTIONS) {
          for (const body of [json, { router: json }, { router: { routes: json } }, { subnet_id: json }, { port_id: json }]) {
            const read = action.decode(body, ADMIN);
            if (isProblem(read)) expect(read.code).toMatch(/BadRequest$/);
            else expect(['routes', 'subnet_id', 'port_id'].some((name) => Object.hasOwn(read, name))).toBe(true);
          }
        }
        for (const rule of [gatewayInfo, portRange]) {
          const read = rule.read(json);
          expect(isProblem(read) || 'value' in read || 'reason' in read).toBe(true);
        }
      }),
    );
  });

  it('routes are read as the attribute is, for both ways to change them', () => {
    for (const name of ['add_extraroutes', 'remove_extraroutes']) {
      const action = ROUTING_ACTIONS.find((candidate) => candidate.name === name);
      expect(action?.decode({ router: { routes: [ROUTE] } }, ADMIN)).toEqual({ routes: [ROUTE] });
      expect(action?.decode({ router: { routes: [{ ...ROUTE, metric: 1 }] } }, ADMIN)).toMatchObject({ code: 'HTTPBadRequest' });
    }
  });

  it.each([
    ['80', { first: 80, last: 80 }],
    [80, { first: 80, last: 80 }],
    ['80:90', { first: 80, last: 90 }],
    ['1:65535', { first: 1, last: 65_535 }],
    [null, null],
  ])('the port range %j is %j', (given, value) => {
    expect(portRange.read(given)).toEqual({ value });
  });

  it('a gateway keeps what was said of it, and only that', () => {
    const network_id = '11111111-1111-4111-8111-111111111111';
    expect(gatewayInfo.read({ network_id: network_id.toUpperCase(), enable_snat: 'no' })).toEqual({
      value: { network_id, enable_snat: false },
    });
    expect(gatewayInfo.read({ network_id, external_fixed_ips: [{ ip_address: '203.0.113.9' }], qos_policy_id: null })).toEqual({
      value: { network_id, external_fixed_ips: [{ ip_address: '203.0.113.9' }] },
    });
  });
});
