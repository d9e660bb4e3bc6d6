// Who wanted something of a run, and why: options of every command that starts or changes one.

export const RECORD_OPTIONS = {
  'requested-by': { type: 'string' },
  reason: { type: 'string' },
} as const;

export const RECORD_USAGE = '  --requested-by WHO, --reason WHY     for the record';

interface RecordFlags {
  'requested-by'?: string | undefined;
  reason?: string | undefined;
}

/** As fields of a request. */
export function recordOf({ 'requested-by': requestedBy, reason }: RecordFlags) {
  return { requestedBy, reason };
}
