// A client of the API as a careful script would be: it says the same again, under the same
// Idempotency-Key, where the connection broke or the answer was a 5xx, and waits for what it asked for.
import { setTimeout as sleep } from 'node:timers/promises';

export interface RunView {
  id: string;
  kind: string;
  phase: string;
  outcome: string | null;
  next: string | null;
  deadlines: Record<string, { at: string }>;
  waiting: { for: string; until?: string } | null;
  problem: { code: string; detail: string } | null;
}

interface ProblemView {
  code?: string;
  detail?: string;
  errors?: { code: string }[];
}

/** Status 0: there was no answer. */
export interface Answer<T> {
  status: number;
  body: T & ProblemView;
  /** More than one try was needed, so an earlier one may have been heard. */
  repeated: boolean;
}

interface Asking {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  key?: string;
  /** The client hangs up after this time. */
  hangUpAfterMs?: number;
}

export interface ApiClient {
  /** One try. */
  ask<T>(asking: Asking): Promise<Answer<T>>;
  /** Tries until there is an answer that is not a 5xx and not "that request is being handled". */
  insist<T>(asking: Asking): Promise<Answer<T>>;
  /** Looks at a run until it is as it should be. @throws when it parks or takes too long. */
  until(id: string, what: string, reached: (run: RunView) => boolean): Promise<RunView>;
  /** All runs of a person, the latest first. */
  runsOf(login: string): Promise<RunView[]>;
}

const NO_ANSWER_MS = 15_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;
const LOOK_EVERY_MS = 300;

/** The moment at which whoever waits gives up; it lies nowhere while kills fall. */
export type Patience = () => number;

export interface ApiClientOptions {
  origin: string;
  apiKey: string;
  patience: Patience;
}

export function createApiClient({ origin, apiKey, patience }: ApiClientOptions): ApiClient {
  async function ask<T>({ method, path, body, key, hangUpAfterMs }: Asking): Promise<Answer<T>> {
    try {
      const response = await fetch(`${origin}${path}`, {
        method,
        signal: AbortSignal.timeout(hangUpAfterMs ?? NO_ANSWER_MS),
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const said = (await response.json()) as T & ProblemView;
      return { status: response.status, body: said, repeated: false };
    } catch {
      return { status: 0, body: {} as T & ProblemView, repeated: false };
    }
  }

  async function insist<T>(asking: Asking): Promise<Answer<T>> {
    let repeated = false;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const answer = await ask<T>(asking);
      if (!isToBeRepeated(answer)) return { ...answer, repeated };
      if (Date.now() > patience()) {
        throw new Error(`no answer to ${asking.method} ${asking.path} (last: ${tell(answer)})`);
      }
      repeated = true;
      await sleep(pauseMs);
    }
  }

  return {
    ask,
    insist,

    async until(id, what, reached) {
      for (;;) {
        const { status, body } = await insist<RunView>({ method: 'GET', path: `/v1/runs/${id}` });
        if (status !== 200) throw new Error(`GET of the run ${id}: ${status}`);
        if (reached(body)) return body;
        if (body.problem !== null) throw new Error(`${id} parked: ${body.problem.detail}`);
        if (Date.now() > patience()) {
          throw new Error(`${id} did not come to "${what}": ${JSON.stringify(body)}`);
        }
        await sleep(LOOK_EVERY_MS);
      }
    },

    async runsOf(login) {
      const query = new URLSearchParams({ connection: 'demo', login });
      const { body } = await insist<{ items: RunView[] }>({
        method: 'GET',
        path: `/v1/runs?${query.toString()}`,
      });
      return body.items;
    },
  };
}

export function tell({ status, body }: Answer<unknown>): string {
  return `${status}${body.code === undefined ? '' : ` ${body.code}`}${body.detail === undefined ? '' : `: ${body.detail}`}`;
}

function isToBeRepeated({ status, body }: Answer<unknown>): boolean {
  return status === 0 || status >= 500 || body.code === 'IDEMPOTENCY_KEY_PENDING';
}
