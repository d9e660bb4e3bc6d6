// Times and durations as Temporal's API has them.
import type proto from '@temporalio/proto';

/** In milliseconds; null where there is none, or it is zero. */
export function msOf(time: proto.google.protobuf.ITimestamp | null | undefined): number | null {
  if (time?.seconds == null) return null;
  const ms = Number(time.seconds) * 1_000 + Math.floor((time.nanos ?? 0) / 1_000_000);
  return ms === 0 ? null : ms;
}
