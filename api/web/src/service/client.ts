// Talking to the service that served the page: one origin, the token in a header and nowhere else.

const TOKEN_KEY = 'shapan.token';

/** ProblemError: the service answered with an error. Its message is the service's own sentence, in the language asked for. */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** RefusedError: the service does not accept the token (401) or does not allow what was asked (403). */
export class RefusedError extends ProblemError {}

/** MissingError: there is no such thing, or the caller may not see it (404). */
export class MissingError extends ProblemError {}

/** ConflictError: somebody else was faster (409, 412). */
export class ConflictError extends ProblemError {}

/** Keeps the token of the one who looks: in this tab and for the next start of the browser. */
export class TokenStore {
  #token: string | undefined;

  constructor(
    private readonly tab: Storage | undefined,
    private readonly browser: Storage | undefined,
  ) {
    this.#token = tab?.getItem(TOKEN_KEY) ?? browser?.getItem(TOKEN_KEY) ?? undefined;
  }

  /** The token, or undefined for the public view. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Sets or (undefined) forgets the token. */
  set(token: string | undefined): void {
    this.#token = token;
    for (const store of [this.tab, this.browser]) {
      if (token === undefined) store?.removeItem(TOKEN_KEY);
      else store?.setItem(TOKEN_KEY, token);
    }
  }
}

/** Opens the browser's stores; a browser that forbids them still shows the wall. */
export function openTokenStore(): TokenStore {
  const open = (get: () => Storage): Storage | undefined => {
    try {
      return get();
    } catch {
      return undefined;
    }
  };
  return new TokenStore(open(() => sessionStorage), open(() => localStorage));
}

/** Client asks the service on behalf of the holder of the token. */
export class Client {
  constructor(
    private readonly tokens: TokenStore,
    /** Called when a token was sent and refused. */
    private readonly refused: () => void,
  ) {}

  /** The headers of a request of this caller. */
  headers(): Record<string, string> {
    return this.tokens.token === undefined ? {} : { Authorization: `Bearer ${this.tokens.token}` };
  }

  /** Sends a GET for a path of this origin. Fails with a ProblemError, or a TypeError where nobody answers. */
  async get(path: string, init: RequestInit = {}): Promise<Response> {
    const sent = this.tokens.token;
    const headers = { ...this.headers(), ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(path, { cache: 'no-cache', credentials: 'omit', ...init, headers });
    if (response.ok) return response;
    const said = await sentence(response);
    if (response.status === 401 && sent !== undefined && sent === this.tokens.token) this.refused();
    throw problem(response.status, said || `${path}: status ${response.status}`);
  }

  /** Sends a body as JSON and answers with the JSON that came, undefined for none. `headers` adds such as If-Match. */
  async send(method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const type: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const response = await this.get(path, { method, ...content, headers: { ...type, ...headers } });
    const text = await response.text();
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  /** GET, answered as JSON that nobody has checked yet. */
  async json(path: string, init?: RequestInit): Promise<unknown> {
    const body: unknown = await (await this.get(path, init)).json();
    return body;
  }
}

function problem(status: number, said: string): ProblemError {
  if (status === 401 || status === 403) return new RefusedError(status, said);
  if (status === 404) return new MissingError(status, said);
  if (status === 409 || status === 412) return new ConflictError(status, said);
  return new ProblemError(status, said);
}

/** The sentence of a problem document (RFC 9457), "" where the answer is none. */
async function sentence(response: Response): Promise<string> {
  try {
    const body: unknown = JSON.parse((await response.text()).slice(0, 10_000));
    const detail = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['detail'] : undefined;
    return typeof detail === 'string' ? detail : '';
  } catch {
    return '';
  }
}
