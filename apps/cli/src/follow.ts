/** How often to look, with what first, and how to get the like again. */
export type Follow<Asker> = { readonly everyS: number; readonly first: Asker; readonly open: () => Promise<Asker> };

/** Looks again and again until the process is ended, or nobody reads on. A server that is away is said once, and asked again. */
export const follow = async <Asker>({ everyS, first, open }: Follow<Asker>, look: (ask: Asker) => Promise<void>): Promise<never> => {
  process.stdout.on('error', () => process.exit());
  let ask: Asker | null = first;
  let trouble = '';
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, everyS * 1000));
    try {
      // After a refusal with a new token: the old one may have run out.
      ask ??= await open();
      await look(ask);
      trouble = '';
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ApiFault') throw error;
      if (error.message !== trouble) process.stderr.write(`manx: ${error.message} It is asked again.\n`);
      trouble = error.message;
      ask = null;
    }
  }
};
