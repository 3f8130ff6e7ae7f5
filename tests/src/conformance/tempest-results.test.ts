import { expect, it } from 'vitest';
import { readTempestResults } from './tempest-results.js';

it('reads the lines of `tempest run` and nothing else', () => {
  const text = [
    '{1} tempest.api.network.test_networks.NetworksTest.test_list_networks[id-f7ffdeda-e200-4a7a-bcbe-05716e86bf43,smoke] [0.115s] ... ok',
    '{0} tempest.api.network.test_tags.TagsTest.test_create_list_show_update_delete_tags[id-ee76bfaf] [0.000s] ... FAILED',
    '{0} setUpClass (tempest.api.network.admin.test_routers_dvr.RoutersTestDVR) ... SKIPPED: dvr extension not enabled.',
    '{0} setUpClass (tempest.api.network.test_ports.PortsTestJSON) [0.000000s] ... FAILED',
    '{0} tempest.api.network.test_x.Y.test_z [0.1s] ... SKIPPED: ipv6 is not enabled',
    'Captured traceback:',
    '  - Passed: 1',
  ].join('\n');
  expect(readTempestResults(text)).toEqual([
    { test: 'tempest.api.network.test_networks.NetworksTest.test_list_networks', outcome: 'passed', reason: '' },
    { test: 'tempest.api.network.test_tags.TagsTest.test_create_list_show_update_delete_tags', outcome: 'failed', reason: '' },
    {
      test: 'tempest.api.network.admin.test_routers_dvr.RoutersTestDVR.setUpClass',
      outcome: 'skipped',
      reason: 'dvr extension not enabled.',
    },
    { test: 'tempest.api.network.test_ports.PortsTestJSON.setUpClass', outcome: 'failed', reason: '' },
    { test: 'tempest.api.network.test_x.Y.test_z', outcome: 'skipped', reason: 'ipv6 is not enabled' },
  ]);
});
