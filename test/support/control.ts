// The control surface of a simulated org, `/_sim`: who stands in it, and which faults come.

/** Gives the answer as JSON; undefined where there is none. @throws where it refuses. */
export type Control = <T = unknown>(method: string, path: string, body?: unknown) => Promise<T>;

export function controlOf(origin: string): Control {
  return async <T>(method: string, path: string, body?: unknown) => {
    const response = await fetch(`${origin}/_sim${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} from ${method} /_sim${path}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
}
