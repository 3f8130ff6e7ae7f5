// Which room may import which, as docs/architecture.md draws it. A change travels down this list; imports point up it.
const rooms = {
  ip: [],
  policy: [],
  model: ['ip', 'policy'],
  admission: ['ip', 'policy', 'model'],
  store: ['model'],
  hoststate: ['ip'],
  compile: ['ip', 'model', 'hoststate'],
  reach: ['ip', 'hoststate'],
  feed: ['ip', 'hoststate'],
  api: ['ip', 'policy', 'model', 'admission', 'store', 'compile', 'hoststate', 'reach', 'feed'],
  render: ['ip', 'hoststate'],
  reconcile: ['ip', 'hoststate', 'render'],
  kernel: ['ip', 'hoststate', 'render', 'reconcile'],
  metadata: ['ip', 'hoststate', 'kernel'],
  dns: ['ip', 'hoststate', 'kernel'],
  settings: [],
};
/** Tests and what is made for them may do what the room itself may not. */
const forTests = '(\\.test\\.ts$|/testing/[^/]+\\.ts$)';
const pure = ['ip', 'policy', 'model', 'admission', 'hoststate', 'compile', 'reach', 'render', 'reconcile'];

/** One rule a room: whatever it imports from packages/ is itself or on its list. */
const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^packages/${room}/src`, pathNot: forTests },
  to: { path: '^(packages/|apps/|lab/|bench/|tests/)', pathNot: `^packages/(${[room, ...allowed].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'pure-rooms-touch-nothing',
      comment: 'Time, ids, randomness and I/O are handed in.',
      severity: 'error',
      from: { path: `^packages/(${pure.join('|')})/src`, pathNot: forTests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'nobody-imports-apps-or-lab',
      severity: 'error',
      from: { path: '^(packages|apps/(server|agent|sim))/' },
      to: { path: '^(apps/cli|lab|bench|tests)/' },
    },
    {
      name: 'agent-side-never-sees-the-model',
      severity: 'error',
      from: { path: '^(apps/(agent|sim)|packages/(render|reconcile|kernel|metadata|dns))/src', pathNot: forTests },
      to: { path: '^packages/(model|admission|store|compile|api)/' },
    },
    {
      name: 'nothing-that-runs-imports-tests',
      severity: 'error',
      from: { path: '^(packages|apps|lab)/', pathNot: forTests },
      to: { path: forTests },
    },
    {
      name: 'no-circles',
      comment: 'Two types may speak of each other; two modules may not need each other to start.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|golden)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    webpackConfig: { fileName: 'tools/borders.resolve.cjs' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
