// The frame of a command of the embedded mode: configuration in, exit code out, and what a person
// can set right said without a stack.
import { ConfigError, loadConfig, type Config } from '../config.js';
import { runParts, type Life } from './run-parts.js';

/** Runs one life of the supervisor as this process, and ends the process with it. */
export async function command(
  life: (config: Config, env: Record<string, string | undefined>) => Life,
): Promise<never> {
  try {
    process.exit(await runParts(life(loadConfig(process.env), process.env)));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`tenure: ${error.message}\n`);
    process.exit(1);
  }
}
