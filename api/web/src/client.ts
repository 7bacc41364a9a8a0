// Talking to the service that served the page: one origin, the token in a header and nowhere else.

const TOKEN_KEY = 'shapan.token';

/** RefusedError: the service does not accept the token (401) or does not allow what was asked (403). */
export class RefusedError extends Error {}

/** MissingError: there is no such thing, or the caller may not see it (404). */
export class MissingError extends Error {}

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

  /** Sends a GET for a path of this origin. Fails with RefusedError, MissingError or an Error that holds the status. */
  async get(path: string, init: RequestInit = {}): Promise<Response> {
    const sent = this.tokens.token;
    const response = await fetch(path, {
      cache: 'no-cache',
      credentials: 'omit',
      ...init,
      headers: { ...this.headers(), ...(init.headers as Record<string, string> | undefined) },
    });
    if (response.ok) return response;
    void response.body?.cancel();
    if (response.status === 401 && sent !== undefined && sent === this.tokens.token) this.refused();
    if (response.status === 401 || response.status === 403) throw new RefusedError(`${path}: ${response.status}`);
    if (response.status === 404) throw new MissingError(path);
    throw new Error(`${path}: status ${response.status}`);
  }

  /** GET, answered as JSON that nobody has checked yet. */
  async json(path: string, init?: RequestInit): Promise<unknown> {
    const body: unknown = await (await this.get(path, init)).json();
    return body;
  }
}
