import type { Endpoint, SeenPacket } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { expect, it } from 'vitest';
import { eventRecords } from './event-records.js';
import { EGRESS, endpoint, PING, policy, stateOf, TCP_5000 } from './testing/test-states.js';

const logs: Endpoint['logs'] = [
  { id: 'log-1', project: 'blue', event: 'all', policy: null },
  { id: 'log-2', project: 'blue', event: 'accept', policy: 'ping' },
  { id: 'log-3', project: 'red', event: 'drop', policy: null },
  { id: 'log-4', project: 'red', event: 'accept', policy: 'tcp' },
];
const one: Endpoint = { ...endpoint(1, ['ping', 'tcp']), logs };
const state = stateOf(policy('ping', EGRESS, PING), policy('tcp', TCP_5000), one);
const tcp = (dport: number): SeenPacket => {
  const ends = { source: asIp('10.65.0.9'), destination: asIp('10.65.0.2') };
  return { kind: 'ip', ...ends, protocol: 6, sport: 4, dport, icmp: null, tcpFlags: 2, length: 60 };
};

it('a packet that was dropped is written once for each project whose logs want drops, with its reason', () => {
  const records = eventRecords({ direction: 'ingress', reason: 'ingress-policy', packet: tcp(22) }, one, state);
  expect(records.map(({ action, project_id: project, log_resource_ids: ids, reason }) => [action, project, ids, reason])).toEqual([
    ['DROP', 'blue', ['log-1'], 'ingress-policy'],
    ['DROP', 'red', ['log-3'], 'ingress-policy'],
  ]);
  expect(records[0]).toMatchObject({ vm_port: one.id, security_group_id: null, packet: tcp(22) });
});

it('one that was accepted names the group and rule, and is for the logs of that group and of all', () => {
  const records = eventRecords({ direction: 'ingress', reason: null, packet: tcp(5000) }, one, state);
  expect(records.map(({ log_resource_ids: ids, security_group_id: group, security_group_rule_id: rule }) => [ids, group, rule])).toEqual([
    [['log-1'], 'tcp', TCP_5000.id],
    [['log-4'], 'tcp', TCP_5000.id],
  ]);
});

it('one that the rules of now would not let pass was accepted all the same, by none that is known', () => {
  const records = eventRecords({ direction: 'ingress', reason: null, packet: tcp(22) }, one, state);
  expect(records.flatMap(({ log_resource_ids: ids }) => ids)).toEqual(['log-1', 'log-2', 'log-4']);
  expect(records[0]).toMatchObject({ action: 'ACCEPT', security_group_id: null, security_group_rule_id: null });
});
