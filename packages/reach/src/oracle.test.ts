import { parseRule } from '@manx/render/testing/nft-evaluator/parse-rule';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareFlow } from './testing/compare-flow.js';
import { PLANTED_BUGS } from './testing/planted-bugs.js';
import { randomClouds, randomFlows } from './testing/random-cloud.js';
import { SimulatedCloud } from './testing/simulated-cloud.js';

const RUNS = Number(process.env['MANX_ORACLE_RUNS'] ?? 200);

describe('S30: what is explained is what the tables do', () => {
  it('for any cloud and flow, from tap to tap over all hosts, with translation, and for the answers', () => {
    fc.assert(
      fc.property(randomClouds, fc.array(randomFlows, { minLength: 20, maxLength: 20, size: 'max' }), (cloud, flows) => {
        const simulated = new SimulatedCloud(cloud);
        for (const flow of flows) expect(compareFlow(cloud, simulated, flow)).toBeNull();
      }),
      { numRuns: RUNS },
    );
  });
});

describe('the comparison itself', () => {
  it.each([...PLANTED_BUGS])('finds %s', (_, bug) => {
    const { failed, interrupted } = fc.check(
      fc.property(randomClouds, fc.array(randomFlows, { minLength: 20, maxLength: 20, size: 'max' }), (cloud, flows) => {
        const simulated = new SimulatedCloud(cloud, bug);
        return flows.every((flow) => compareFlow(cloud, simulated, flow) === null);
      }),
      { numRuns: 2_000, endOnFailure: true, seed: 7 },
    );
    expect({ failed, interrupted }).toEqual({ failed: true, interrupted: false });
  });

  it('stops at a form of rule that it does not know', () => {
    expect(() => parseRule('tcp option maxseg size set rt mtu')).toThrow('does not know');
  });
});
