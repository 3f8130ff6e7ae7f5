/** A base chain of somebody else's where instances' packets pass, and what becomes of them there. */
export type ForeignChain = {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook: Hook;
  /** `drops`: instances' packets, as far as can be said without knowing all that the rules look at. */
  readonly verdict: 'passes' | 'drops';
  /** The rule or policy that decides, as a person would say it. */
  readonly because: string;
};

type Hook = 'forward' | 'input' | 'output';
type Json = Readonly<Record<string, unknown>>;

const HOOKS: ReadonlySet<unknown> = new Set<Hook>(['forward', 'input', 'output']);
/** Statements that say nothing of which packets a rule is for. */
const NO_CONDITION: ReadonlySet<string> = new Set(['counter', 'log', 'accept', 'drop', 'reject', 'comment']);

/** Whether a chain of a listing (`nft -j list chains`) is one through which instances' packets go: a base chain, of a family that sees them. */
export function isForeignBase(chain: Json): boolean {
  return chain['table'] !== 'manx' && HOOKS.has(chain['hook']) && ['ip', 'ip6', 'inet'].includes(String(chain['family']));
}

/**
 * Reads one chain with its rules (`nft -j list chain`). A rule counts that is for every packet, or that names taps; what is decided in chains
 * that it jumps to, or by other conditions, is not looked at. Null when the listing has no such chain.
 */
export function readForeignChain(objects: ReadonlyArray<Readonly<Record<string, Json>>>): ForeignChain | null {
  const chain = objects.map((object) => object['chain']).find((one) => one !== undefined);
  if (chain === undefined || !isForeignBase(chain)) return null;
  const place = {
    family: String(chain['family']),
    table: String(chain['table']),
    name: String(chain['name']),
    hook: chain['hook'] as Hook,
  };
  const verdict = verdictOf(objects.flatMap(({ rule }) => (rule === undefined ? [] : [rule])));
  if (verdict !== null) return { ...place, ...verdict };
  const isDrop = chain['policy'] === 'drop';
  return { ...place, verdict: isDrop ? 'drops' : 'passes', because: `policy ${isDrop ? 'drop' : 'accept'}` };
}

/** The first rule that decides about instances' packets; null when none does. */
function verdictOf(rules: readonly Json[]): Pick<ForeignChain, 'verdict' | 'because'> | null {
  for (const rule of rules) {
    const statements = Array.isArray(rule['expr']) ? (rule['expr'] as readonly Json[]) : [];
    const words = statements.flatMap((statement) => Object.keys(statement));
    const isForAll = words.every((word) => NO_CONDITION.has(word));
    const isForTaps = !isForAll && statements.some(namesTaps);
    if (!isForAll && !isForTaps) continue;
    const whom = isForAll ? 'every packet' : 'taps';
    if (words.includes('accept')) return { verdict: 'passes', because: `a rule that accepts ${whom}` };
    if (words.includes('drop') || words.includes('reject')) return { verdict: 'drops', because: `a rule that drops ${whom}` };
  }
  return null;
}

/** Whether a match is on interfaces named `tap` and something. */
function namesTaps(statement: Json): boolean {
  return /"right":"tap[^"]*"/.test(JSON.stringify(statement));
}

/** Reads `iptables-legacy -S FORWARD`, which no nft listing shows. */
export function readLegacyForward(family: 'ip' | 'ip6', text: string): ForeignChain {
  const lines = text.split('\n');
  const place = { family, table: 'filter (iptables-legacy)', name: 'FORWARD', hook: 'forward' } as const;
  for (const line of lines) {
    const [, condition = '', target] = /^-A FORWARD(.*) -j (ACCEPT|DROP|REJECT)/.exec(line) ?? [];
    const isForAll = condition.trim() === '';
    if (target === undefined || !(isForAll || / -[io] tap/.test(condition))) continue;
    const whom = isForAll ? 'every packet' : 'taps';
    if (target === 'ACCEPT') return { ...place, verdict: 'passes', because: `a rule that accepts ${whom}` };
    return { ...place, verdict: 'drops', because: `a rule that drops ${whom}` };
  }
  const isDrop = lines.includes('-P FORWARD DROP');
  return { ...place, verdict: isDrop ? 'drops' : 'passes', because: `policy ${isDrop ? 'drop' : 'accept'}` };
}
