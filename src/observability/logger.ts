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

/** Writes to standard output. */
export function createLogger({ level, format, part }: LoggerOptions): Logger {
  const isPretty = (format ?? (process.stdout.isTTY ? 'pretty' : 'json')) === 'pretty';
  return pino({
    level,
    base: { part },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: REDACTED.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[redacted]',
    },
    serializers: { error: pino.stdSerializers.err },
    ...(isPretty
      ? {
          transport: {
            target: 'pino-pretty',
            options: {
              messageKey: 'event',
              translateTime: 'SYS:HH:MM:ss.l',
              ignore: 'pid,hostname,part',
            },
          },
        }
      : {}),
  });
}
