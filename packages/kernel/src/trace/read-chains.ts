import type { TracedChain } from '@manx/hoststate';
import { runProgram } from '../process/run-program.js';

/** A chain as nft prints it, and its rules by handle. */
export type ReadChain = TracedChain & { readonly rules: ReadonlyMap<number, string> };

type ChainKey = Omit<TracedChain, 'text'>;

/**
 * Chains in nft's words, with handles (`nft -a list chain`); those that are gone, or whose names are none of nft's, are left out. Throws Fault `missing` without
 * the program.
 */
export const readChains = async (chains: readonly ChainKey[]): Promise<readonly ReadChain[]> => {
  const named = chains.filter(isPlain);
  const all = await listChains(named);
  if (all !== null) return all;
  // One is gone, or nft has no word for what is in it: the others are read without it.
  const each = await Promise.all(named.map((chain) => listChains([chain])));
  return each.flatMap((read) => read ?? []);
};

/** Null where one of them cannot be listed. */
const listChains = async (chains: readonly ChainKey[]): Promise<readonly ReadChain[] | null> => {
  if (chains.length === 0) return [];
  const input = chains.map(({ family, table, chain }) => `list chain ${family} ${table} ${chain}\n`).join('');
  const { status, stdout } = await runProgram({ program: 'nft', args: ['-a', '-f', '-'], input, debianPackage: 'nftables' });
  if (status !== 0) return null;
  // Each is printed within its table, in the order of the questions.
  const blocks = stdout.split(/^(?=table )/m).filter((block) => block !== '');
  return chains.flatMap((key, at) => {
    const text = blocks[at];
    return text === undefined ? [] : [{ ...key, text: printable(text).trimEnd(), rules: rulesOf(text) }];
  });
};

/** What the parser takes for a name, or an address in one: nothing else is handed to it. */
const isPlain = ({ family, table, chain }: ChainKey): boolean => [family, table, chain].every((name) => /^[A-Za-z][\w./:-]*$/.test(name));

/** Each rule ends in its handle; one with many elements is printed in several lines. */
const rulesOf = (listing: string): ReadonlyMap<number, string> => {
  const body = listing.slice(listing.indexOf('\n', listing.search(/^\tchain /m)) + 1);
  const rules = [...body.matchAll(/([\s\S]*?) # handle (\d+)\n/g)];
  return new Map(
    rules.map(([, text, handle]) => [
      Number(handle),
      printable(withoutHook(text ?? ''))
        .replaceAll(/\s+/g, ' ')
        .trim(),
    ]),
  );
};

const withoutHook = (text: string): string => text.replace(/^\s*type \w+ hook .*\n/, '').replace(/^\s*(policy|comment) .*\n/, '');

/** Comments of foreign rules are whatever their author wrote. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e\n\t]/g, '?');
