import type { HostFact } from '@manx/model';
import { describe, expect, it } from 'vitest';
import { cloudStatus } from './cloud-status.js';

const well: HostFact = {
  host: 'compute-1',
  isAlive: true,
  heardAt: '2026-01-31T12:00:00Z',
  report: {
    version: '1',
    startedAt: '2026-01-31T09:00:00Z',
    physicalNetworks: [],
    bgp: [{ name: 'tor1', state: 'Established' }],
    problems: [],
    drift: { repairs: 2, lastAt: null, last: null },
  },
};
const cloud = {
  revision: 7,
  notReady: [],
  compileProblems: [],
  hosts: [well],
  portsOf: new Map([['compute-1', 3]]),
  peerNames: new Map([['peer-api-1', 'border']]),
};
const report = well.report;

describe('a cloud at a glance', () => {
  it('of one that is well there are figures and no problem', () => {
    expect(cloudStatus(cloud)).toEqual({
      revision: 7,
      ports: 3,
      hosts: [{ host: 'compute-1', isAlive: true, heardAt: well.heardAt, ports: 3, version: '1', sessions: { up: 1, all: 1 }, repairs: 2 }],
      problems: [],
    });
  });

  it.each([
    ['agent_down', { hosts: [{ ...well, isAlive: false }] }, 'compute-1'],
    ['bgp_down', { hosts: [{ ...well, report: report && { ...report, bgp: [{ name: 'tor1', state: 'Active' }] } }] }, 'compute-1'],
    ['not_ready', { notReady: ['the store does not answer'] }, 'server'],
    ['compile', { compileProblems: ['port x: no such network'] }, 'server'],
    ['no_agent', { portsOf: new Map([['other', 1]]) }, 'other'],
  ])('%s is said, and where', (code, change, where) => {
    expect(cloudStatus({ ...cloud, ...change }).problems).toMatchObject([{ code, where }]);
  });

  it('a session with a BGP peer of the API is called as people call the peer as well', () => {
    const bgp = [{ name: 'peer-api-1', state: 'Active' }];
    const { problems } = cloudStatus({ ...cloud, hosts: [{ ...well, report: report && { ...report, bgp } }] });
    expect(problems).toMatchObject([{ code: 'bgp_down', subject: 'peer-api-1 (border)' }]);
  });

  it('what an agent says is wrong is said with since when', () => {
    const problem = { code: 'tap_mtu', subject: 'tap1', detail: 'too small', since: '2026-01-31T10:00:00Z' };
    const { problems } = cloudStatus({ ...cloud, hosts: [{ ...well, report: report && { ...report, problems: [problem] } }] });
    expect(problems).toEqual([{ ...problem, where: 'compute-1' }]);
  });

  it.each(['compute-1.example.org', 'COMPUTE-1'])('an agent whose name is written otherwise than Nova writes it (%s) is named', (name) => {
    const [problem] = cloudStatus({ ...cloud, portsOf: new Map([[name, 5]]) }).problems;
    expect(problem?.detail).toContain('An agent calls itself "compute-1"');
  });
});
