import { labFolder } from './running-lab.js';

/** Where the lab keeps things, all below `labFolder`; removed whole by `down`. */
export const labPaths = {
  log: (name: string): string => `${labFolder}/log/${name}.log`,
  pid: (name: string): string => `${labFolder}/pid/${name}.pid`,
  server: `${labFolder}/server`,
  serverSettings: `${labFolder}/server/server.yaml`,
  secret: `${labFolder}/server/agents.secret`,
  metadataSecret: `${labFolder}/server/metadata.secret`,
  store: `${labFolder}/server/store.db`,
  host: (host: string): string => `${labFolder}/hosts/${host}`,
  agentSettings: (host: string): string => `${labFolder}/hosts/${host}/agent.yaml`,
  token: (host: string): string => `${labFolder}/hosts/${host}/token`,
  fabric: `${labFolder}/fabric`,
  instance: (name: string): string => `${labFolder}/instances/${name}`,
  dhcpScript: `${labFolder}/dhcp-event`,
  cloud: `${labFolder}/cloud.yaml`,
} as const;
