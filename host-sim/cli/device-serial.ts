/**
 * `npm run device -- --serial`: the board's firmware on this PC with a real modem on a serial port.
 */
import { familyNamed } from "../../firmware/modem/family/family";
import { families } from "../../firmware/modem/family/index";
import { variantSources } from "../sim/world/product-variant";
import { readLogLine, splitLogLine } from "../sim/world/device-log";
import { reasonOf } from "../../firmware/text/reason";
import { Refusals } from "../inspect/report/refusals";
import { AtPassage } from "../tools/pc/at-passage";
import { WallClock } from "../tools/pc/wall-clock";
import { SerialPortError, openSerialPort } from "../tools/pc/serial-port";
import { SerialDevice } from "../tools/pc/serial-device";
import { CommandError, misuse } from "./misuse";
import type { SerialDeviceOptions } from "../tools/pc/serial-device";
import type { Seal } from "../sim/world/device-options";

export interface SerialFlags {
  readonly serial: string;
  readonly modem: string;
  readonly apn: string;
  readonly powerKey?: string;
  readonly startSpread: number;
  /** Further settings of the firmware, by name: these win. */
  readonly settings: Readonly<Record<string, string>>;
  /** Lines typed here go to the modem as well. */
  readonly at?: boolean;
  /** The product has this seal, whatever its own model says. */
  readonly sealed?: Seal;
  readonly health?: boolean;
}

/** Characters of a line that is being typed, at most. */
const longestTyped = 1_000;

/** Readings so far, as the firmware's log tells them. */
interface Totals {
  readonly refusals: Refusals;
  taken: number;
  acknowledged: number;
  commands: number;
}

/**
 * @param keys what provisioning puts on a board, by name
 * @throws CommandError in one line
 */
export async function runOverSerial(
  flags: SerialFlags,
  config: Record<string, unknown>,
  keys: Readonly<Record<string, string>>,
  reports: number,
  show: (room: string, text: string) => void,
): Promise<Totals> {
  let typed = "";
  const totals: Totals = { refusals: new Refusals(), taken: 0, acknowledged: 0, commands: 0 };
  let settle: (failure: string | undefined) => void = () => {};
  const settled = new Promise<string | undefined>((resolve) => (settle = resolve));
  const powerKey = flags.powerKey === undefined ? undefined : powerKeyOption(flags.powerKey);
  const { baud, banners } = familyNamed(families, flags.modem);
  const port = await openSerialPort(flags.serial, baud).catch((error: unknown) => {
    throw error instanceof SerialPortError ? new CommandError(1, error.message) : error;
  });
  const clock = new WallClock();
  const passage = new AtPassage({
    scheduler: clock,
    banners,
    toModem: (bytes, done) => port.write(bytes, done),
    toDriver: (bytes) => void device.receive(bytes),
    show: (text) => show("at", text),
  });
  const device = new SerialDevice({
    port: {
      write: (bytes, done) => (flags.at === true ? passage.fromDriver(bytes, done) : port.write(bytes, done)),
      set: (lines) => port.set(lines, () => {}),
      update: (options) => port.update(options, () => {}),
    },
    config: {
      ...config,
      board: "generic",
      modem: flags.modem,
      apn: flags.apn,
      startSpread: flags.startSpread,
      ...flags.settings,
    },
    keys,
    sources: variantSources("demo", { sealed: flags.sealed, health: flags.health }),
    powerKey,
    onLog: (line) => {
      const { room, text } = splitLogLine(line);
      show(room, text);
      const event = readLogLine(line);
      totals.refusals.hearDevice(event, Date.now());
      switch (event?.kind) {
        case "report taken":
          totals.taken += 1;
          return;
        case "report acknowledged":
          totals.acknowledged += 1;
          if (reports > 0 && totals.acknowledged >= reports) settle(undefined);
          return;
        case "command executed":
          totals.commands += 1;
          return;
        case "session refused":
          if (totals.acknowledged > 0) return;
          return settle(
            `the server does not let the device in (${event.reason}): check keys, address and --apn`,
          );
        case "modem wrong modem":
        case "settings":
          return settle(text);
        case undefined:
          return settle(`the firmware says what this program cannot read, in its room "${room}"`);
      }
    },
    onFault: (text) => settle(text),
  });
  port.on("data", (bytes: Uint8Array) => {
    if (flags.at === true) passage.fromModem(bytes);
    else void device.receive(bytes);
  });
  port.on("error", (error: Error) => settle(`${flags.serial}: ${error.message}`));
  port.on("close", () => settle(`${flags.serial} is gone: was it unplugged?`));
  process.once("SIGINT", () => settle(undefined));
  process.once("SIGTERM", () => settle(undefined));
  await device.start();
  if (flags.at === true) {
    clock.start((error) => settle(reasonOf(error)));
    process.stdin.setEncoding("utf8").on("data", (text: string) => {
      typed += text;
      const lines = typed.split(/\r\n|\r|\n/);
      typed = lines.pop()!.slice(-longestTyped);
      for (const line of lines) passage.type(line);
    });
    process.stdin.on("error", () => {});
  }
  const failure = await settled;
  clock.stop();
  if (flags.at === true) process.stdin.destroy();
  device.stop();
  await new Promise<void>((resolve) => port.close(() => resolve()));
  if (failure !== undefined) throw new CommandError(1, failure);
  return totals;
}

function powerKeyOption(text: string): SerialDeviceOptions["powerKey"] {
  const match = /^(!?)(dtr|rts)$/.exec(text);
  if (match === null) throw misuse(`--power-key takes dtr, rts, !dtr or !rts, got "${text.slice(0, 20)}"`);
  return { line: match[2] as "dtr" | "rts", inverted: match[1] === "!" };
}
