/** One of the programs that run beside the agent, seen from the steps that concern it. */
export type ProgramPort = {
  /** Where its files are. */
  readonly folder: string;
  /**
   * Makes it run on the files that are there, if they are enough to run on: adopted from an earlier agent and told to read them, or
   * started. Does nothing when that is so already. Throws Fault when it does not take them.
   */
  readonly ensure: () => Promise<void>;
  /** Changes its files, then as `ensure`. Throws Fault, with the files as they were, when it would not read them; as they are to be, when it could not be told: `ensure` tells it. */
  readonly change: (files: { readonly write: ReadonlyMap<string, string>; readonly remove: readonly string[] }) => Promise<void>;
  /** What keeps a process that is there from its work, in words; null when nothing does, or there is none. */
  readonly ailment: () => Promise<string | null>;
  /** That it does not stay up, start after start, in words; null when it does, or is not to run. */
  readonly failure: () => string | null;
  /** Ends the process at once, without asking it; another takes its place, as of one that ended by itself. */
  readonly kill: () => void;
  /** Ends it; its files stay. */
  readonly stop: () => Promise<void>;
  /** Lets go of it: it runs on. */
  readonly release: () => void;
};
