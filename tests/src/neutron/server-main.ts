// The program that tests start: `manx server`, without the command line around it.
import { runServer } from '@manx/server';

process.exitCode = await runServer({ config: process.argv[2] ?? '' });
