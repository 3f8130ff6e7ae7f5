export { closestWord } from './closest-word.js';
export { type ParsedSettings, parseSettings } from './parse-settings.js';
export { placeOf } from './place-of.js';
export { readSettings } from './read-settings.js';
export { SettingsFault } from './settings-fault.js';
export { formatSettingsProblem, type SettingsProblem } from './settings-problem.js';
export type { TextFormat, TextFormats } from './text-format.js';
