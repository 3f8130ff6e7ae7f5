import type { AgentState } from '@manx/agent';
import type { CloudProblem, CloudStatus } from '@manx/server';

/** What was asked: a server or this host's agent, by its address; and its answer, or why there is none. */
export type Asked =
  | { readonly kind: 'server'; readonly where: string; readonly answer: CloudStatus | { readonly problem: string } }
  | { readonly kind: 'agent'; readonly where: string; readonly answer: AgentState | { readonly problem: string } };

/** All that is wrong, with `where` of what was asked when it did not answer; without what is said twice. */
export const problemsOf = (asked: readonly Asked[]): readonly CloudProblem[] => {
  const found = asked.flatMap(({ kind, where, answer }): readonly CloudProblem[] => {
    if ('problem' in answer) return [{ where: kind, code: 'no_answer', subject: where, detail: answer.problem, since: null }];
    if ('problems' in answer) return answer.problems;
    const { host, server, agent } = answer;
    const away = server.isConnected
      ? []
      : [
          {
            where: host,
            code: 'server_away',
            subject: server.url,
            detail: `${server.problem ?? 'no answer'}; the host goes on with its last state`,
            since: server.since,
          },
        ];
    const down = agent.bgp
      .filter(({ state }) => state !== 'Established')
      .map(({ name, state }) => ({
        where: host,
        code: 'bgp_down',
        subject: name,
        detail: `the session is not established (${state}). Look at the peer and its settings`,
        since: null,
      }));
    return [...away, ...down, ...agent.problems.map((problem) => ({ ...problem, where: host }))];
  });
  return [...new Map(found.map((problem) => [`${problem.where} ${problem.code} ${problem.subject}`, problem])).values()];
};

/** One screen: what was asked, hosts, what is wrong, since when, what to do. `now` in ms since 1970. */
export const formatStatus = (asked: readonly Asked[], now: number): string => {
  const problems = problemsOf(asked);
  const hosts = asked.flatMap(({ answer }) => ('hosts' in answer ? answer.hosts : []));
  const lines = [
    ...asked.map((one) => headOf(one, now)),
    ...(hosts.length === 0 ? [] : ['', ...table([HEAD, ...hosts.map((host) => hostRow(host, { now, problems }))])]),
    '',
    ...(problems.length === 0 ? ['nothing is wrong'] : problems.flatMap((problem) => problemLines(problem, now))),
  ];
  return `${lines.join('\n')}\n`;
};

const HEAD = ['HOST', 'AGENT', 'HEARD', 'PORTS', 'SESSIONS', 'PUT BACK', 'PROBLEMS'];

const headOf = ({ kind, where, answer }: Asked, now: number): string => {
  if ('problem' in answer) return `${kind} ${where}: no answer`;
  if ('hosts' in answer) {
    const alive = answer.hosts.filter(({ isAlive }) => isAlive).length;
    return `server ${where}: revision ${answer.revision}, ${alive} of ${answer.hosts.length} hosts alive, ${answer.ports} ports bound`;
  }
  const { host, server, revision, endpoints } = answer;
  const link = `${server.isConnected ? 'connected to' : 'without'} its server ${server.url} ${since(server.since, now)}`;
  return `agent ${host}: ${link}, revision ${revision.applied ?? 'none'}, ports ${endpoints.up} up, ${endpoints.down} down, ${endpoints.error} in error`;
};

const hostRow = (
  { host, isAlive, heardAt, ports, sessions, repairs }: CloudStatus['hosts'][number],
  { now, problems }: { readonly now: number; readonly problems: readonly CloudProblem[] },
): readonly string[] => [
  host,
  isAlive ? 'alive' : 'down',
  `${ago(heardAt, now)} ago`,
  String(ports),
  sessions.all === 0 ? '-' : `${sessions.up}/${sessions.all}`,
  String(repairs),
  String(problems.filter(({ where }) => where === host).length),
];

const problemLines = ({ where, code, subject, detail, since: from }: CloudProblem, now: number): readonly string[] => [
  `${where}: ${subject} (${code})${from === null ? '' : ` ${since(from, now)}`}`,
  `    ${detail}`,
];

/** Columns as wide as their widest cell. */
const table = (rows: ReadonlyArray<readonly string[]>): readonly string[] => {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};

const since = (instant: string, now: number): string =>
  `since ${instant.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '')} UTC (${ago(instant, now)})`;

const UNITS: ReadonlyArray<readonly [number, string]> = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** How long ago, in its largest unit: `4 min`. */
const ago = (instant: string, now: number): string => {
  const seconds = Math.max(0, Math.round((now - Date.parse(instant)) / 1000));
  const [size, unit] = UNITS.find(([length]) => seconds >= length) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit}`;
};
