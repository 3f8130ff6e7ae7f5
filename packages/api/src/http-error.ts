/** What HTTP itself can refuse, before any resource is looked at; types and messages as Neutron's web framework (webob) words them. */
export const HTTP_ERRORS = {
  400: {
    type: 'HTTPBadRequest',
    message: 'The server could not comply with the request since it is either malformed or otherwise incorrect.',
  },
  401: { type: 'HTTPUnauthorized', message: 'The request you have made requires authentication.' },
  404: { type: 'HTTPNotFound', message: 'The resource could not be found.' },
  405: { type: 'HTTPMethodNotAllowed', message: 'The method is not allowed for this resource.' },
  408: { type: 'HTTPRequestTimeout', message: 'The request did not arrive in time.' },
  413: { type: 'HTTPRequestEntityTooLarge', message: 'Request is too large.' },
  415: { type: 'HTTPUnsupportedMediaType', message: 'The request body must be of the media type application/json.' },
  417: { type: 'HTTPExpectationFailed', message: 'The expectation in the Expect header cannot be met.' },
  431: { type: 'HTTPRequestHeaderFieldsTooLarge', message: 'The request header fields are too large.' },
  500: { type: 'HTTPInternalServerError', message: 'Request Failed: internal server error while processing your request.' },
  503: { type: 'HTTPServiceUnavailable', message: 'The server is currently unavailable. Please try again at a later time.' },
} as const satisfies Record<number, { readonly type: string; readonly message: string }>;

/** A status that `HTTP_ERRORS` has words for. */
export type HttpErrorStatus = keyof typeof HTTP_ERRORS;

/** The error document of the Networking API, as JSON text: clients branch on `type`. */
export const errorText = (type: string, message: string): string => JSON.stringify({ NeutronError: { type, message, detail: '' } });

/** A refusal by HTTP's own rules, thrown inside the engine and answered as the error document. */
export class HttpError extends Error {
  readonly status: HttpErrorStatus;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: HttpErrorStatus, message: string = HTTP_ERRORS[status].message, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
    this.headers = headers;
  }

  /** The error document as JSON text. */
  get body(): string {
    return errorText(HTTP_ERRORS[this.status].type, this.message);
  }
}
