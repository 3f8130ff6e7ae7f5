import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConntrack } from '../conntrack/open-conntrack.js';
import type { HostPorts } from '../host/host-ports.js';
import type { ProgramPort } from '../host/program-port.js';
import { openLibnftables } from '../nftables/libnftables.js';
import { openRtnetlink } from '../rtnetlink/open-rtnetlink.js';
import type { TestNetns } from './test-netns.js';

/** A program without files that does nothing. */
const IDLE: ProgramPort = {
  folder: join(tmpdir(), 'manx-t-no-such-folder'),
  ensure: async () => undefined,
  change: async () => undefined,
  ailment: async () => null,
  failure: () => null,
  kill: () => undefined,
  stop: async () => undefined,
  release: () => undefined,
};

/** The ports to the kernel in a test's namespace, with programs that do nothing. */
export const openTestPorts = (netns: TestNetns): HostPorts =>
  netns.inside(() => ({
    rtnetlink: openRtnetlink(),
    nftables: openLibnftables(),
    conntrack: openConntrack(),
    programs: { dnsmasq: IDLE, bird: IDLE },
  }));
