/**
 * What modem, driver and UART of each family take, seen from outside in runs at full depth: the times from which the table of
 * link depth is made (link-traits-fit.ts).
 *
 *     power -> on -> [search] -> registered -> the first datagram is handed over
 *     decision -> key, pin or byte -> out of PSM -> (registered again) -> the first datagram
 *     datagram in -> the agent has it -> the next one out
 */
import { readLogLine } from "../../sim/world/device-log";
import { World } from "../../sim/world/world";

/** One wake, ms. */
export interface SeenWake {
  /** From the driver's decision until the modem wakes. */
  readonly key: number;
  /** From its end of sleep until the first datagram is on the air, and until it is registered, where that has to be anew. */
  readonly sent: number;
  readonly registered: number | undefined;
  /** From a driver that is up to that datagram. */
  readonly opened: number;
  /** Bytes of that datagram. */
  readonly bytes: number;
}

/** One world: a modem of its own, whose firmware does what the makers' documents leave open in one way. */
export interface SeenWorld {
  /** ms from the end of its boot to the search that found the cell, and from registered to the first datagram. */
  readonly setUp: number;
  readonly ready: number;
  readonly readyBytes: number;
  readonly wakes: readonly SeenWake[];
  /** ms from a datagram that came to the next one, and that one's bytes. */
  readonly next: readonly { readonly ms: number; readonly bytes: number }[];
  /** ms from a datagram that came until the agent has it. */
  readonly received: readonly number[];
  /** Whether it knows release assistance. */
  readonly assistance: boolean;
  /** Whether PSM closes its sockets. */
  readonly reopens: boolean;
  /** Steps of XS at each contact behind the first. */
  readonly steps: number;
}

const interval = 900;

/** Runs a device for so many readings behind its first, and notes its times. */
export async function seeWorld(
  family: string,
  seed: number,
  sleep: "none" | "deep",
  readings: number,
): Promise<SeenWorld> {
  let booted = NaN;
  let search = NaN;
  let registered = NaN;
  let waking = NaN;
  let key = NaN;
  let exit = NaN;
  let up: number | undefined;
  let came = NaN;
  let cold: { setUp: number; ready: number; readyBytes: number } | undefined;
  let steps = 0;
  let assistance = false;
  let closed = 0;
  const wakes: SeenWake[] = [];
  const next: { ms: number; bytes: number }[] = [];
  const received: number[] = [];
  const world = await World.create({
    ...{ seed, engine: "node", edition: "token", coverage: 0, loss: 0, modem: family, powerKey: true },
    ...{ interval, format: "compact", sleep, settings: { startSpread: 0 } },
    onEvent: (event) => {
      const { time } = event;
      if (event.source === "processor" && wakes.length > 0) steps += event.compute;
      if (event.source === "device") {
        const told = readLogLine(event.text);
        if (told?.kind === "modem waking") waking = time;
        if (told?.kind === "modem note" && /^up\b/.test(told.text)) up = time;
        if (told?.kind === "report acknowledged" && !Number.isNaN(came)) received.push(time - came);
      }
      if (event.source !== "modem") return;
      const { event: modem } = event;
      if (modem.type === "power" && modem.state === "on" && Number.isNaN(booted)) booted = time;
      if (modem.type === "power" && modem.reason.startsWith("out of PSM")) key = time - waking;
      if (modem.type === "attach" && modem.stat === 2) search = time;
      if (modem.type === "attach" && modem.stat === 1) registered = time;
      if (modem.type === "psm" && modem.state === "exit") {
        exit = time;
        up = undefined;
      }
      if (modem.type === "receive") came = time;
      if (modem.type === "socket" && modem.state === "closed") closed += 1;
      if (modem.type !== "send") return;
      const bytes = modem.bytes.length;
      assistance ||= modem.rai === 2;
      if (cold === undefined) {
        cold = { setUp: search - booted, ready: time - registered, readyBytes: bytes };
      } else if (!Number.isNaN(exit)) {
        // A modem that was taken for asleep and is not up yet has sent for somebody else.
        if (up !== undefined) {
          const again = registered > exit ? registered - exit : undefined;
          wakes.push({ key, sent: time - exit, registered: again, opened: time - up, bytes });
        }
      } else if (!Number.isNaN(came)) next.push({ ms: time - came, bytes });
      exit = came = NaN;
    },
  });
  try {
    await world.start();
    await world.clock.run({ until: 1_000 * interval * (readings + 0.5) });
  } finally {
    await world.close();
  }
  if (cold === undefined) throw new Error(`${family}, seed ${seed}: nothing was sent`);
  const reopens = closed > wakes.length / 2;
  return { ...cold, wakes, next, received, assistance, reopens, steps: steps / Math.max(1, wakes.length) };
}
