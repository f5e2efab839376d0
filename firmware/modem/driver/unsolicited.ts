/**
 * Acts on what the modem says unasked: its registration, its card, its supply, its sleep, its sockets, and that
 * it has started.
 */
import { startsWith } from "../../text/ascii";
import { isRegistered, lineText, parseCereg } from "../at/fields";
import { cereg } from "../at/standard-commands";
import { cpin } from "./sim-card";
import type { Attach } from "./attach";
import type { BringUp } from "./bring-up";
import type { DriverState } from "./driver-state";
import type { ModemOptions } from "./modem-options";
import type { ModemUrc } from "../family/family";
import type { NetworkClock } from "./network-clock";
import type { Recovery } from "./recovery";
import type { RegistrationWait } from "./registration";
import type { Sleep } from "./sleep";
import type { Sockets } from "./sockets";

/** The parts of the driver that are told. */
export interface UnsolicitedParts {
  readonly options: ModemOptions;
  readonly driver: DriverState;
  readonly bringUp: BringUp;
  readonly registration: RegistrationWait;
  readonly attach: Attach;
  readonly recovery: Recovery;
  readonly sleep: Sleep;
  readonly sockets: Sockets;
  readonly clock: NetworkClock;
}

/** Acts on what the modem says unasked. */
export class Unsolicited {
  readonly #parts: UnsolicitedParts;

  constructor(parts: UnsolicitedParts) {
    this.#parts = parts;
  }

  /**
   * Takes a line that no command asked for.
   *
   * @param cut the line was too long, and this is its beginning: a datagram, where the modem pushes them, and else
   *   nothing
   */
  urc(line: Uint8Array, now: number, cut: boolean): void {
    const { options, driver, registration, attach, recovery } = this.#parts;
    const { family } = options;
    if (cut && family.sockets.read !== undefined) return;
    if (!cut && startsWith(line, cereg)) {
      const status = parseCereg(line);
      if (status === undefined) return;
      if (driver.state === "registering" || driver.state === "waking") registration.hear(status, now);
      else if (driver.state === "up") attach.changed(isRegistered(status), now);
    } else if (!cut && startsWith(line, cpin)) {
      const status = lineText(line, cpin.length);
      if (driver.state !== "up" || !status.startsWith("NOT ")) return;
      driver.log({ kind: "modem sim", status });
      recovery.fail("sim", now);
    } else {
      const urc = family.urc(line, cut);
      if (urc !== undefined) this.act(urc, now);
    }
  }

  private act(urc: ModemUrc, now: number): void {
    const { driver, bringUp, attach, recovery, sleep, sockets, clock } = this.#parts;
    switch (urc.kind) {
      case "asleep":
        if (driver.state === "up" || driver.state === "waking") attach.fallAsleep(now);
        else driver.uart = "dead";
        return;
      case "awake":
        driver.uart = "alive";
        sleep.sign(now);
        return recovery.signOfLife(now);
      case "card":
        return bringUp.card.hear(urc.status, now);
      case "no-context":
        return attach.contextLost(now);
      case "time":
        return clock.heard(urc.clock, now);
      case "low-supply":
        return recovery.supplyWarning("low", now);
      case "high-supply":
        return recovery.supplyWarning("high", now);
      case "powered-off":
        return recovery.poweredOff(urc.supply, now);
      default:
        sleep.traffic(now);
        sockets.take(urc, now);
        // The modem was only taken for asleep, or no more than its UART slept.
        if (urc.kind === "data" && driver.state === "asleep") {
          driver.uart = "unknown";
          attach.wake(now);
        }
        return;
    }
  }

  /**
   * A modem that is up has had its banner: this may be another start. Where the banner is the first that a wake says, and
   * settings outlive a restart so that nothing else would tell it, so it is from the modem's first answer on.
   */
  private get mayBeSecondStart(): boolean {
    const { options, driver } = this.#parts;
    const { state, woken } = driver;
    if (state === "up") return true;
    const isAwake = woken && (state === "waking" || state === "registering");
    return isAwake && options.family.restartKeepsSettings === true;
  }

  /** A line came that only a modem says which starts. */
  banner(now: number): void {
    const { options, driver, bringUp, recovery, sleep } = this.#parts;
    const { family } = options;
    bringUp.sawBanner();
    if (family.sleep.boots) sleep.sign(now);
    if (driver.state === "pausing" || driver.state === "off") return recovery.restartedAlone(now);
    if (now < driver.bootGraceUntil && !this.mayBeSecondStart) return;
    if (family.sleep.boots && driver.state === "asleep") {
      driver.uart = "alive";
      return;
    }
    // One that was asleep has nothing to say but that it has started.
    if (family.restartKeepsSettings === true || driver.state === "asleep") recovery.rebooted(now);
    else recovery.suspectReboot(now);
  }
}
