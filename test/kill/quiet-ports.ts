// Ports that stay free while their server is dead. Those that the operating system hands out by itself
// (on Linux from 32768 on) do not: another process gets one of them within seconds.
import { randomInt } from 'node:crypto';
import type { Ports } from '../../src/demo/installation.js';
import { isFree } from '../../src/embedded/ports.js';

const LOWEST = 20_000;
const HIGHEST = 32_000;

/** Four in a row. Not from the seed: two runs of one seed may go on at once. */
export async function quietPorts(): Promise<Ports> {
  for (;;) {
    const api = randomInt(LOWEST, HIGHEST);
    const ports = { api, temporal: api + 1, temporalUi: api + 2, simulator: api + 3 };
    const free = await Promise.all(Object.values(ports).map((port) => isFree(port)));
    if (free.every(Boolean)) return ports;
  }
}
