import { InvalidArgumentError, Option } from 'commander';

/** How often `--follow` asks, in seconds, unless told: as often as agents count. */
export const FOLLOW_EVERY_S = 2;

export const outputOption = (): Option => new Option('-o, --output <form>', 'text or json').choices(['text', 'json']).default('text');

/** Of `--every`: throws commander's error for anything but whole seconds. */
export const seconds = (text: string): number => {
  const value = Number(text);
  if (!/^\d{1,4}$/.test(text) || value < 1) throw new InvalidArgumentError('Expected seconds, 1 to 9999.');
  return value;
};
