import { type ExtraDhcpOption, type ExtraDhcpOptionWish, optionKey } from '@manx/model';

/** A port's options after an update: those that are named change, go (null) or come; the others stay (neutron `db/extradhcpopt_db.py`). */
export function mergedOptions(before: readonly ExtraDhcpOption[], wishes: readonly ExtraDhcpOptionWish[]): ExtraDhcpOption[] {
  const after = new Map(before.map((option) => [optionKey(option), option]));
  for (const { opt_value, ...wish } of wishes) {
    if (opt_value === null) after.delete(optionKey(wish));
    else after.set(optionKey(wish), { opt_name: wish.opt_name, opt_value, ip_version: wish.ip_version });
  }
  return [...after.values()];
}
