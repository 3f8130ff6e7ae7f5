/** From the API state to what each host must do: whole (`compileHost`), or kept up with commits (`Compiler`). */
export { compileAll, compileHost, compileProblems } from './compile-host.js';
export { Compiler, type Touched } from './compiler.js';
export { addressGroupOf } from './set-members.js';
