// Types of build-cluster.mjs.
export declare const SERVER_VERSION: string;
export declare function ensureCluster(
  env?: Record<string, string | undefined>,
): Promise<{ server: string; sqlTool: string }>;
