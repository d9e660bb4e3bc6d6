// One logger a process: events, not prose. Secrets and personal fields are taken out by name before
// anything is written, as a second line behind not logging them in the first place.
import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

const REDACTED = [
  'authorization',
  'key',
  'secret',
  'password',
  'token',
  'accessToken',
  'privateJwk',
  'privateKey',
  'proofKey',
  'dpop',
  'masterKey',
  'login',
  'email',
  'databaseUrl',
];

export interface LoggerOptions {
  level: string;
  /** Undefined: pretty on a terminal, else json. */
  format: 'pretty' | 'json' | undefined;
  /** Which process: `api`, `worker`, … */
  part: string;
}

/** Lines that come within so long are written together: each write wakes whoever reads them. */
const GATHER_MS = 50;

/**
 * Writes to standard output, at most `GATHER_MS` late, at the latest when the process ends; when nobody
 * reads it any more, it falls silent.
 */
export function createLogger({ level, format, part }: LoggerOptions): Logger {
  const isPretty = (format ?? (process.stdout.isTTY ? 'pretty' : 'json')) === 'pretty';
  const options = {
    level,
    base: { part },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: REDACTED.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[redacted]',
    },
    serializers: { error: pino.stdSerializers.err },
  };
  if (!isPretty) return pino(options, standardOutput());
  return pino({
    ...options,
    transport: {
      target: 'pino-pretty',
      options: {
        messageKey: 'event',
        translateTime: 'SYS:HH:MM:ss.l',
        ignore: 'pid,hostname,part',
      },
    },
  });
}

/**
 * Standard output that goes quiet for good at its first error. A reader that was killed gives
 * ECONNRESET before EPIPE; pino 10.4 knows the second only, and would then try forever to write its
 * last line, blocking the process (seen November 2026).
 */
function standardOutput(): pino.DestinationStream {
  const output = pino.destination({ dest: 1, sync: true });
  output.on('error', () => {
    const nothing = () => undefined;
    Object.assign(output, { write: nothing, flushSync: nothing, end: nothing, destroy: nothing });
  });
  return gathered((lines) => output.write(lines));
}

/** A fatal line is not waited with: pino asks for `flushSync`. */
function gathered(
  write: (lines: string) => void,
): pino.DestinationStream & { flushSync: () => void } {
  let lines = '';
  const flush = (): void => {
    if (lines === '') return;
    const now = lines;
    lines = '';
    write(now);
  };
  process.on('exit', flush);
  return {
    flushSync: flush,
    write(line) {
      if (lines === '') setTimeout(flush, GATHER_MS).unref();
      lines += line;
    },
  };
}
