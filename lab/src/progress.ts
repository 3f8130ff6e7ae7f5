import pc from 'picocolors';
import yoctoSpinner from 'yocto-spinner';

/** Shows what is under way, on standard error: a moving line on a terminal, a plain line a step everywhere else. */
export type ProgressBoard = {
  /** The step before is done, this one is under way. */
  readonly step: (text: string) => void;
  /** Another text for the step under way; only a terminal shows it. */
  readonly amend: (text: string) => void;
  /** Ends the last step: done, or failed. Nothing is shown any more. */
  readonly end: (isDone: boolean) => void;
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const plainBoard = (): ProgressBoard => ({
  step: (text) => {
    process.stderr.write(`${text}\n`);
  },
  amend: () => undefined,
  end: () => undefined,
});

const movingBoard = (handleSignals: boolean): ProgressBoard => {
  const spinner = yoctoSpinner({ handleSignals });
  let current: { readonly text: string; readonly began: number } | null = null;
  const end = (isDone: boolean): void => {
    if (current === null) return;
    const text = `${current.text} ${pc.dim(seconds(performance.now() - current.began))}`;
    if (isDone) spinner.success(text);
    else spinner.error(text);
    current = null;
  };
  return {
    step: (text) => {
      end(true);
      current = { text, began: performance.now() };
      spinner.start(text);
    },
    amend: (text) => {
      spinner.text = text;
    },
    end,
  };
};

/** Who acts on Ctrl-C: the work itself, which takes back what it did; or nobody, then the board ends the process and leaves the terminal in order. */
export type OnInterrupt = 'work' | 'end';

/** Shows the steps of some work, and marks the last one failed when the work fails. */
export const withProgress = async <T>(onInterrupt: OnInterrupt, work: (board: ProgressBoard) => Promise<T>): Promise<T> => {
  const board = process.stderr.isTTY ? movingBoard(onInterrupt === 'end') : plainBoard();
  try {
    const result = await work(board);
    board.end(true);
    return result;
  } catch (error) {
    board.end(false);
    throw error;
  }
};
