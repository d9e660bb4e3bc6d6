// Types of temporal-cli.mjs for the tests; set-up itself is plain JavaScript.
type Source = (
  cache: string,
  env: Record<string, string | undefined>,
  say: (line: string) => void,
) => Promise<string | null>;

interface LookOptions {
  env?: Record<string, string | undefined>;
  cache?: string;
  say?: (line: string) => void;
}

export declare function ensureTemporalCli(
  options?: LookOptions & { download?: Source; goInstall?: Source },
): Promise<string>;
export declare function findTemporalCli(options?: LookOptions): Promise<string>;
