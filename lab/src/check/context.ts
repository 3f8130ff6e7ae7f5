import type { NeutronClient } from '../neutron-client.js';
import type { ProcessControl } from '../process-control.js';

/** What the checks work with besides the instances: the API, and the programs to kill. */
export type CheckContext = { readonly client: NeutronClient; readonly processes: ProcessControl };
