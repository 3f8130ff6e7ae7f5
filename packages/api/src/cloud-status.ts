import type { HostFact } from '@manx/model';

/** Something that is wrong: where, with what, since when (ISO 8601, UTC; null: not known), and what to do. */
export type CloudProblem = {
  /** The name of a host, or `server`. */
  readonly where: string;
  readonly code: string;
  readonly subject: string;
  readonly detail: string;
  readonly since: string | null;
};

/** One host at a glance. */
export type HostGlance = {
  readonly host: string;
  readonly isAlive: boolean;
  /** ISO 8601, UTC. */
  readonly heardAt: string;
  /** How many ports are bound there. */
  readonly ports: number;
  readonly version: string | null;
  readonly sessions: { readonly up: number; readonly all: number };
  /** What others changed there and its agent put back. */
  readonly repairs: number;
};

/** A cloud at a glance, from one server. */
export type CloudStatus = {
  readonly revision: number;
  readonly ports: number;
  readonly hosts: readonly HostGlance[];
  /** By place, then code and subject. */
  readonly problems: readonly CloudProblem[];
};

/** What it is made from. `portsOf`: how many ports are bound to each host, to those that nobody has heard of too. */
export type CloudFacts = {
  readonly revision: number;
  readonly notReady: readonly string[];
  readonly compileProblems: readonly string[];
  readonly hosts: readonly HostFact[];
  readonly portsOf: ReadonlyMap<string, number>;
  /** What people call the BGP peers of the API, by the names of their sessions on hosts. */
  readonly peerNames: ReadonlyMap<string, string>;
};

const ESTABLISHED = 'Established';

/** Sums up a cloud: every host that was heard of since the server started, and all that is wrong. */
export const cloudStatus = (facts: CloudFacts): CloudStatus => {
  const problems = [
    ...facts.notReady.map((detail) => ofServer('not_ready', 'this server', detail)),
    ...facts.compileProblems.map((detail) => ofServer('compile', 'a resource', `${detail}; it is shut for its own ports`)),
    ...facts.hosts.flatMap((fact) => ofHost(fact, facts)),
    ...withoutAgent(facts),
  ];
  return {
    revision: facts.revision,
    ports: [...facts.portsOf.values()].reduce((sum, count) => sum + count, 0),
    hosts: facts.hosts.map((fact) => glanceOf(fact, facts.portsOf.get(fact.host) ?? 0)).sort((a, b) => (a.host < b.host ? -1 : 1)),
    problems: problems.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
  };
};

const ofServer = (code: string, subject: string, detail: string): CloudProblem => ({ where: 'server', code, subject, detail, since: null });

const glanceOf = ({ host, isAlive, heardAt, report }: HostFact, ports: number): HostGlance => ({
  host,
  isAlive,
  heardAt,
  ports,
  version: report?.version ?? null,
  sessions: { up: report?.bgp.filter(({ state }) => state === ESTABLISHED).length ?? 0, all: report?.bgp.length ?? 0 },
  repairs: report?.drift.repairs ?? 0,
});

const ofHost = ({ host, isAlive, heardAt, report }: HostFact, { portsOf, peerNames }: CloudFacts): readonly CloudProblem[] => {
  if (!isAlive) {
    const ports = portsOf.get(host) ?? 0;
    const detail = `nothing was heard of it; its ${ports} ports go on as they are, and no new one is bound there. Look at manx-agent and the network on that host`;
    return [{ where: host, code: 'agent_down', subject: 'agent', detail, since: heardAt }];
  }
  const down = report?.bgp.filter(({ state }) => state !== ESTABLISHED) ?? [];
  return [
    ...down.map(({ name, state }) => ({
      where: host,
      code: 'bgp_down',
      subject: peerNames.has(name) ? `${name} (${peerNames.get(name)})` : name,
      detail: `the session is not established (${state}). Look at the peer and its settings`,
      since: null,
    })),
    ...(report?.problems.map((problem) => ({ ...problem, where: host })) ?? []),
  ];
};

/** Ports that Nova bound to a name that no agent goes by: the two must be written alike. */
const withoutAgent = ({ hosts, portsOf }: CloudFacts): readonly CloudProblem[] => {
  const known = new Set(hosts.map(({ host }) => host));
  return [...portsOf].flatMap(([name, count]) => {
    if (name === '' || known.has(name)) return [];
    const alike = hosts.find(({ host }) => shortOf(host) === shortOf(name))?.host;
    const advice =
      alike === undefined
        ? 'Start an agent there, or look how Nova names its hosts (`openstack compute service list`)'
        : `An agent calls itself "${alike}": write \`host\` in its agent.yaml as Nova does`;
    const detail = `${count} ports are bound to it and no agent of that name was heard of; they have no network. ${advice}`;
    return [{ where: name, code: 'no_agent', subject: 'agent', detail, since: null }];
  });
};

/** A host name without its domain, in small letters. */
const shortOf = (host: string): string => (host.split('.')[0] ?? '').toLowerCase();

const keyOf = ({ where, code, subject, detail }: CloudProblem): string => `${where} ${code} ${subject} ${detail}`;
