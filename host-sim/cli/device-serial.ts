/**
 * `npm run device -- --serial`: the board's firmware on this PC with a real modem on a serial port.
 */
import { familyNamed } from "../../firmware/modem/family/family";
import { families } from "../../firmware/modem/family/index";
import { readLogLine, splitLogLine } from "../sim/world/device-log";
import { SerialDevice } from "../tools/pc/serial-device";
import { CommandError, misuse } from "./misuse";
import type { SerialDeviceOptions } from "../tools/pc/serial-device";
import type { Credentials } from "../../firmware/enos/credentials";

export interface SerialFlags {
  readonly serial: string;
  readonly modem: string;
  readonly apn: string;
  readonly powerKey?: string;
  readonly startSpread: number;
}

/** What is used of the package's port. */
interface OpenPort {
  write(bytes: Uint8Array, done: () => void): void;
  set(lines: object, done: () => void): void;
  update(options: { readonly baudRate: number }, done: () => void): void;
  on(event: "data" | "error" | "close", run: (value: never) => void): void;
  close(done: () => void): void;
}

/** Readings so far, as the firmware's log tells them. */
interface Totals {
  taken: number;
  acknowledged: number;
  commands: number;
}

/** @throws CommandError in one line */
export async function runOverSerial(
  flags: SerialFlags,
  config: Record<string, unknown>,
  credentials: Credentials,
  reports: number,
  show: (room: string, text: string) => void,
): Promise<Totals> {
  const totals: Totals = { taken: 0, acknowledged: 0, commands: 0 };
  let settle: (failure: string | undefined) => void = () => {};
  const settled = new Promise<string | undefined>((resolve) => (settle = resolve));
  const powerKey = flags.powerKey === undefined ? undefined : powerKeyOption(flags.powerKey);
  const { baud } = familyNamed(families, flags.modem);
  const port = await openPort(flags.serial, baud);
  const device = new SerialDevice({
    port: {
      write: (bytes, done) => port.write(bytes, done),
      set: (lines) => port.set(lines, () => {}),
      update: (options) => port.update(options, () => {}),
    },
    config: {
      ...config,
      board: "generic",
      modem: flags.modem,
      apn: flags.apn,
      startSpread: flags.startSpread,
    },
    keys: { ...credentials },
    powerKey,
    onLog: (line) => {
      const { room, text } = splitLogLine(line);
      show(room, text);
      const event = readLogLine(line);
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
  port.on("data", (bytes: Uint8Array) => void device.receive(bytes));
  port.on("error", (error: Error) => settle(`${flags.serial}: ${error.message}`));
  port.on("close", () => settle(`${flags.serial} is gone: was it unplugged?`));
  process.once("SIGINT", () => settle(undefined));
  process.once("SIGTERM", () => settle(undefined));
  await device.start();
  const failure = await settled;
  device.stop();
  await new Promise<void>((resolve) => port.close(() => resolve()));
  if (failure !== undefined) throw new CommandError(1, failure);
  return totals;
}

/** @throws CommandError for a package that is not there, a port that is not there, or not ours */
async function openPort(path: string, baudRate: number): Promise<OpenPort> {
  // Named by a variable, or the bundler and the compiler would want it to be there.
  const name = "serialport";
  const packaged = (await import(name).catch(() => undefined)) as
    { SerialPort: new (options: object, done: (error: Error | null) => void) => OpenPort } | undefined;
  if (packaged === undefined) {
    throw new CommandError(
      1,
      `${name} is not installed: it is an optional package, run npm ci without --omit=optional`,
    );
  }
  return new Promise((resolve, reject) => {
    const port = new packaged.SerialPort({ path, baudRate }, (error) => {
      if (error === null) resolve(port);
      else {
        const reason = error.message.split("\n")[0].replace(/^Error: /, "");
        reject(new CommandError(1, `${path} cannot be opened: ${reason}`));
      }
    });
  });
}

function powerKeyOption(text: string): SerialDeviceOptions["powerKey"] {
  const match = /^(!?)(dtr|rts)$/.exec(text);
  if (match === null) throw misuse(`--power-key takes dtr, rts, !dtr or !rts, got "${text.slice(0, 20)}"`);
  return { line: match[2] as "dtr" | "rts", inverted: match[1] === "!" };
}
