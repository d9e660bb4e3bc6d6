// How long an installation takes from its process to "Tenure is ready": once in an empty home, then
// with nothing left to set up. The last one goes on running.
import { freePorts, type Installation } from '../src/demo/installation.js';
import type { Frame } from './benchmark.js';
import { timedStart, type Started } from './installation.js';

export interface StartUp {
  /** Seconds of the first start, which makes keys and databases. */
  first: number;
  /** Seconds of each later one. */
  again: number[];
  installation: Installation;
}

export async function measureStartUp(
  { say, signal, atEnd }: Frame,
  home: string,
  starts: number,
): Promise<StartUp> {
  const ports = await freePorts();
  let latest: Promise<Started> | undefined;
  const stop = async () => (await latest)?.installation.stop();
  atEnd(stop);
  const start = async (): Promise<Started> => {
    await stop();
    signal.throwIfAborted();
    latest = timedStart(home, ports);
    const started = await latest;
    say(`Ready after ${started.seconds.toFixed(1)} s`);
    return started;
  };
  const firstStart = await start();
  let { installation } = firstStart;
  const again: number[] = [];
  while (again.length < starts) {
    const started = await start();
    again.push(started.seconds);
    installation = started.installation;
  }
  return { first: firstStart.seconds, again, installation };
}
