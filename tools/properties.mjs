// Read before every file of tests: which values properties are tried with.
import fc from 'fast-check';

/*
 * `make test` draws the same values every time, so that what fails was broken by the change at hand; `make soak` draws others.
 * A failed property must end its search for a smaller case before the runner's own limit, which would not say what was found.
 */
fc.configureGlobal({ seed: Number(process.env.MANX_SEED ?? 1), interruptAfterTimeLimit: 100_000, markInterruptAsFailure: true });
