import { Worker } from 'node:worker_threads';
import type { WorkerAnswer, WorkerRequest, WorkerSettings } from './sqlite-messages.js';
import { StoreFault } from './store-fault.js';

/** How a request ended, other than by a fault. */
export type WorkerEnd = Exclude<WorkerAnswer, { readonly kind: 'page' } | { readonly kind: 'fault' }>;

type Waiting = {
  readonly op: string;
  readonly onPage: (text: string) => void;
  readonly resolve: (end: WorkerEnd) => void;
  readonly reject: (error: unknown) => void;
};

/** The worker thread that owns the file, as a function from request to answer. Answers come in the order of the requests. */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #path: string;
  readonly #waiting: Waiting[] = [];
  #death: StoreFault | null = null;

  constructor(settings: WorkerSettings) {
    this.#path = settings.path;
    // Not those of this process, of which some are not for threads: `--input-type` ends a worker at once.
    const execArgv: string[] = [];
    this.#worker = new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData: settings, name: 'manx-store', execArgv });
    this.#worker.on('message', (answer: WorkerAnswer) => this.#take(answer));
    this.#worker.on('error', (error) => this.#die('the thread that owns the file broke', error));
    this.#worker.on('exit', () => this.#die('the thread that owns the file has ended', undefined));
  }

  /** What the worker says on its own when it starts: the head, or why the file cannot be used. */
  opened(): Promise<WorkerEnd> {
    return this.#wait('open', () => undefined);
  }

  /** Rejects with a StoreFault, also when `onPage` throws one or the thread dies. */
  ask(request: WorkerRequest, onPage: (text: string) => void = () => undefined): Promise<WorkerEnd> {
    const end = this.#wait(request.op, onPage);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    if (this.#death === null) this.#worker.postMessage(request);
    return end;
  }

  /** Resolves when the thread is gone; the process can end then. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #wait(op: string, onPage: (text: string) => void): Promise<WorkerEnd> {
    if (this.#death !== null) return Promise.reject(this.#death);
    return new Promise((resolve, reject) => this.#waiting.push({ op, onPage, resolve, reject }));
  }

  #take(answer: WorkerAnswer): void {
    const first = this.#waiting[0];
    if (first === undefined) return;
    if (answer.kind === 'page') {
      try {
        first.onPage(answer.text);
      } catch (error) {
        // The rest of its answer still arrives, and must not be taken for the next request's.
        first.reject(error);
      }
      return;
    }
    this.#waiting.shift();
    if (answer.kind === 'fault') first.reject(new StoreFault(answer.fault, answer.cause));
    else first.resolve(answer);
  }

  #die(detail: string, cause: unknown): void {
    this.#death ??= new StoreFault({ code: 'failed', op: 'run', subject: this.#path, detail }, cause);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#death);
  }
}
