// Cost of compiling a cloud and of keeping up with it: node packages/compile/bench/compile.mjs [ports] [hosts] [groups]
// Every port is in one group of its own tenth and in `everyone`, a group that refers to itself. Prints medians; asserts nothing.

import { encodeHostDelta } from '@manx/hoststate';
import { applyChanges, State } from '@manx/model';
import { Compiler, compileHost } from '../dist/index.js';
import { fixedIp, network, port, rule, subnet } from '../dist/testing/cloud.js';

const [ports = 100_000, hosts = 1000, groups = 1000] = process.argv.slice(2).map(Number);

const id = (n) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const ip = (n) => `10.${64 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
const put = (kind, value) => ({ op: 'put', kind, id: value.id, value });

const portAt = (n, more = {}) =>
  put(
    'port',
    port(id(n), {
      fixed_ips: [fixedIp(ip(n), 'sub')],
      security_groups: n % 10 === 0 ? ['everyone', `g${n % groups}`] : [`g${n % groups}`],
      'binding:host_id': `h${n % hosts}`,
      ...more,
    }),
  );

function* cloud() {
  yield put('network', network('net-a'));
  yield put('subnet', subnet('sub', { cidr: '10.64.0.0/10' }));
  yield put('security_group_rule', rule('everyone-in', 'everyone', { remote_group_id: 'everyone' }));
  for (let g = 0; g < groups; g++) {
    yield put('security_group_rule', rule(`g${g}-in`, `g${g}`, { remote_group_id: `g${g}` }));
    yield put('security_group_rule', rule(`g${g}-ssh`, `g${g}`, { protocol: 'tcp', port_range_min: 22, port_range_max: 22 }));
    yield put('security_group_rule', rule(`g${g}-out`, `g${g}`, { direction: 'egress' }));
  }
  for (let n = 0; n < ports; n++) yield portAt(n);
}

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const mib = () => Math.round(process.memoryUsage().heapUsed / 2 ** 20);
const timed = (run) => {
  const start = performance.now();
  const result = run();
  return { us: (performance.now() - start) * 1000, result };
};

const state = new State();
const filled = timed(() => applyChanges(state, cloud()));
globalThis.gc?.();
const before = mib();
const built = timed(() => new Compiler(state));
globalThis.gc?.();
const compiler = built.result;
console.log(`${ports} ports, ${hosts} hosts, ${groups} groups: state ${Math.round(filled.us / 1000)} ms`);
console.log(`compile, whole cloud: ${Math.round(built.us / 1000)} ms, ${mib() - before} MiB above the state's ${before}`);

/** Applies one change after another and prints what each costs; `changeOf(i)` makes the i-th. */
function measure(title, rounds, changeOf) {
  const times = [];
  let sizes = { hosts: 0, bytes: 0 };
  for (let i = 0; i < rounds; i++) {
    const changes = [changeOf(i)].flat();
    applyChanges(state, changes);
    const { us, result } = timed(() => compiler.apply(changes, state));
    times.push(us);
    const texts = [...result.values()].map((delta) => encodeHostDelta(delta).length);
    sizes = { hosts: result.size, bytes: Math.max(0, ...texts) };
  }
  console.log(`${title}: p50 ${median(times).toFixed(1)} us; last: ${sizes.hosts} hosts, at most ${sizes.bytes} bytes each`);
}

const fresh = ports + 1;
measure('join a group that one host in 10 or more uses (unbound port)', 200, (i) =>
  portAt(fresh + i, { security_groups: ['everyone'], 'binding:host_id': '' }),
);
measure('create and bind a port in a group of its size', 200, (i) => portAt(fresh + 1000 + i));
measure('move a port to another host', 200, (i) => portAt(fresh + 1000 + i, { 'binding:host_id': `h${(i + 7) % hosts}` }));
measure('status of a port', 200, (i) => portAt(i + 1, { status: 'ACTIVE' }));
measure('add a rule to a group', 200, (i) => put('security_group_rule', rule(`new-${i}`, `g${i % groups}`, { protocol: 'udp' })));
measure('delete a port', 200, (i) => ({ op: 'delete', kind: 'port', id: id(fresh + 1000 + i) }));

const name = [...compiler.hosts()][0];
const cold = timed(() => compiler.hostState(name));
const warm = timed(() => compiler.hostState(name));
const full = timed(() => compileHost(state, name));
console.log(
  `host state of ${cold.result.endpoints.size} endpoints: ${cold.us.toFixed(0)} us, again ${warm.us.toFixed(0)} us; full compile ${full.us.toFixed(0)} us`,
);
