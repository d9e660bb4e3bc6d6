// Looks for many needles at once in tens of megabytes: a table of the first two bytes of each, then one
// of the first four.
import { formsOf, type Canary } from './forms.js';

/** Something that was looked into: a file, a table's rows, an answer. */
export interface Place {
  where: string;
  bytes: Buffer;
}

export interface Hit {
  canary: string;
  form: string;
  where: string;
  /** What stands around it. */
  around: string;
}

interface Needle {
  canary: string;
  form: string;
  bytes: Buffer;
}

/** Of each canary, form and place the first hit. */
export function searchFor(canaries: readonly Canary[]): (place: Place) => Hit[] {
  const pairs = new Uint8Array(1 << 16);
  const byHead = new Map<number, Needle[]>();
  for (const canary of canaries) {
    for (const { form, bytes } of formsOf(canary)) {
      pairs[bytes.readUInt16LE(0)] = 1;
      const head = bytes.readUInt32LE(0);
      byHead.set(head, [...(byHead.get(head) ?? []), { canary: canary.name, form, bytes }]);
    }
  }
  return ({ where, bytes }) => {
    const hits = new Map<string, Hit>();
    for (let at = 0; at + 4 <= bytes.length; at += 1) {
      const pair = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
      if (pairs[pair] === 0) continue;
      for (const needle of byHead.get(bytes.readUInt32LE(at)) ?? []) {
        if (bytes.compare(needle.bytes, 0, needle.bytes.length, at, end(at, needle, bytes)) !== 0) {
          continue;
        }
        const { canary, form } = needle;
        const key = `${canary}|${form}`;
        if (!hits.has(key)) hits.set(key, { canary, form, where, around: around(bytes, at) });
      }
    }
    return [...hits.values()];
  };
}

const end = (at: number, { bytes }: Needle, all: Buffer): number =>
  Math.min(at + bytes.length, all.length);

const around = (bytes: Buffer, at: number): string =>
  bytes
    .subarray(Math.max(0, at - 60), at + 60)
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e]+/g, '·');
