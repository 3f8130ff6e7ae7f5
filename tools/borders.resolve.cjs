// Where dependency-cruiser finds @manx/ROOM: in its sources. Through node_modules it would be dist/, which no rule speaks of.
const { existsSync, readdirSync } = require('node:fs');
const path = require('node:path');

const top = path.join(__dirname, '..');
const workspaces = [...['packages', 'apps'].flatMap((group) => readdirSync(path.join(top, group)).map((name) => path.join(group, name))), 'lab'];
const sources = workspaces.map((workspace) => path.join(top, workspace, 'src')).filter((source) => existsSync(path.join(source, 'index.ts')));

const alias = Object.fromEntries(
  sources.flatMap((source) => {
    const { name } = require(path.join(source, '../package.json'));
    return [
      [`${name}$`, path.join(source, 'index.ts')],
      [`${name}/testing`, path.join(source, 'testing')],
    ];
  }),
);

module.exports = { resolve: { alias } };
