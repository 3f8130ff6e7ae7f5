import type { NftChain } from '@manx/render';

/**
 * Every rule carries a comment with a hash of its own text. `nft -j list` gives comments of rules back (not those of
 * chains, in nft 1.0.6) but not the text as it was written; equal marks in equal order mean an unchanged chain. A rule that somebody
 * edited, added or removed has no mark, a wrong one, or leaves a gap.
 */
const marks = new WeakMap<NftChain, readonly string[]>();

/** The marks of the chain's rules, in order: always the same array for the same chain. */
export function chainMarks(chain: NftChain): readonly string[] {
  const known = marks.get(chain);
  if (known !== undefined) return known;
  const made = chain.rules.map(ruleMark);
  marks.set(chain, made);
  return made;
}

/** Twice FNV-1a over 32 bits, from two starting points: 16 hexadecimal digits. */
function ruleMark(text: string): string {
  let a = 0x81_1c_9d_c5;
  let b = 0x9e_37_79_b9;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01_00_01_93);
    b = Math.imul(b ^ unit ^ (a >>> 15), 0x01_00_01_93);
  }
  return `${hex(a)}${hex(b)}`;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
