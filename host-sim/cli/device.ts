/**
 * `npm run device`: the board's firmware on this PC, over real UDP and without a modem, against the
 * stand-in or the real EnOS.
 */
import { lookup } from "node:dns/promises";
import { wantedOf } from "../../firmware/device/modem-settings";
import { readSettings } from "../../firmware/device/settings";
import { unknownSettings } from "../../firmware/device/unknown-settings";
import { familyNamed } from "../../firmware/modem/family/family";
import { newSealing as ownSealing } from "../../firmware/product/sealing";
import { sealingOf } from "../../firmware/seal/sealing";
import { SettingsError } from "../../firmware/enos/credentials";
import { ivForms } from "../cloud/enos/sign";
import { FileFlashError, openDeviceDirectory } from "../sim/flash/file-flash";
import { escaped } from "../model/escaped";
import { paletteFor } from "../inspect/report/style";
import { Command } from "./command";
import { UdpDevice } from "./device-over-udp";
import { runOverSerial } from "./device-serial";
import { readKeys, readSealKey } from "./keys";
import { masterOption, warnOfVersioning } from "./master-flag";
import { CommandError, exclusive, misuse } from "./misuse";
import { addSimulationFlags, sealedFormat } from "./simulation-flags";
import { families } from "../../firmware/modem/family/index";
import type { Credentials } from "../../firmware/enos/credentials";
import type { SealUsed } from "./device-over-udp";
import type { Seal } from "../sim/world/device-options";
import type { Format } from "../../firmware/device/settings";
import type { Refusal, Rejection } from "../../firmware/enos/outcome";
import type { EditionSetting } from "../../firmware/enos/authentication";
import type { SessionEvent } from "../../firmware/enos/session-options";

interface DeviceFlags {
  server: string;
  keys?: string;
  reports: number;
  interval: number;
  lifetime?: number;
  edition: EditionSetting;
  iv: string;
  format: Format;
  batch: number;
  data?: string;
  serial?: string;
  modem: string;
  apn: string;
  powerKey?: string;
  setting: Record<string, string>;
  at?: boolean;
  sealed?: Seal;
  master?: readonly string[];
  remoteSettings?: boolean;
  health?: boolean;
}

/** In real time, and without a network of its own: what it shares with the simulation. */
const uses = {
  reports: { text: "readings to take, 0 for no end", range: [0, 1_000_000], default: 0 },
  interval: { default: 60 },
  lifetime: { text: "lifetime of the authentication, 30 to 86400 s" },
  edition: { text: "protocol edition", choices: ["auto", "token", "tokenless"], default: "auto" },
  format: { default: "json" },
  batch: {},
  modem: { text: "the modem on --serial", choices: families.map((family) => family.name) },
  sealed: { text: "seals its payloads, as a product with a seal does by itself; with proof, answers too" },
} as const;

/** The `device` command. */
export function deviceCommand(): Command {
  const command = new Command("device")
    .configureHelp({ commandUsage: () => "npm run device -- [options]" })
    .requiredOption("--server <url>", "HOST[:PORT] of EnOS or its stand-in, coap:// before it or not")
    .option(
      "--keys <file>",
      "JSON with productKey, deviceKey, deviceSecret (default: ENOS_PRODUCT_KEY, ENOS_DEVICE_KEY, ENOS_DEVICE_SECRET)",
    );
  return addSimulationFlags(command, uses)
    .option("--iv <iv>", `vector of the signature in option 2101: ${ivForms}`, "zero")
    .option("--serial <path>", "a real modem on this serial port, and the firmware with its driver")
    .option("--apn <name>", "access point name of its SIM card's operator", "iot.example")
    .option("--power-key <line>", "what drives its PWRKEY: dtr, rts, or !dtr, !rts where setting it releases")
    .addOption(
      command
        .createOption(
          "--setting <name=value>",
          "a setting of the firmware, such as pin=1234 or bands=8,20; again for each (docs/settings.md)",
        )
        .argParser(oneMoreSetting)
        .default({}, "none")
        .repeatable(),
    )
    .addOption(
      masterOption("the sealed product's master key, of which the device's is made (default: ENOS_SEAL_KEY)"),
    )
    .option("--at", "lines typed here go to that modem too, between those of the driver")
    .option("--remote-settings", "its settings can be changed from afar (docs/settings.md)")
    .option("--health", "it tells of its health (docs/health.md)")
    .option("--data <dir>", "keeps readings that wait, and the session, over restarts (default: in memory)")
    .action(runDevice);
}

async function runDevice(flags: DeviceFlags, command: Command): Promise<void> {
  const { host, port } = parseServer(flags.server);
  const credentials = readKeys(flags.keys, process.env);
  const seal = sealOf(flags, credentials, command);
  const address = await resolve(host);
  for (const name of ["modem", "apn", "powerKey", "setting", "at"]) {
    if (flags.serial !== undefined || command.getOptionValueSource(name) !== "cli") continue;
    const option = name === "powerKey" ? "power-key" : name;
    throw misuse(`--${option} is for a modem on --serial; without it the device has none`);
  }
  if (flags.serial !== undefined)
    return overSerial(flags, flags.serial, { credentials, seal }, address, port);
  const kept = flags.data === undefined ? undefined : openData(flags.data);
  const palette = paletteFor(process.stdout);
  const show = (text: string, room: string): void => {
    const time = palette.dim(timeOfDay(Date.now()));
    process.stdout.write(`${time}  ${palette.cyan(room.padEnd(7))}  ${escaped(text)}\n`);
  };
  const device = new UdpDevice({
    ...{ flags, credentials, seal, address, port, kept },
    onRefusal: (event) => advice(event, flags),
    onDoubt: (reason) => doubt(reason, flags),
    show,
  });
  const failure = await device.run();
  kept?.flash.close();
  const { taken, acknowledged, commands, refusals } = device.totals;
  process.stdout.write(`${acknowledged} of ${taken} readings acknowledged, ${commands} commands executed\n`);
  for (const line of refusals.lines(timeOfDay)) process.stdout.write(`${line}\n`);
  if (failure !== undefined) throw new CommandError(1, failure);
}

/** @throws CommandError for a key that is missing, or that nothing needs */
function sealOf(flags: DeviceFlags, credentials: Credentials, command: Command): SealUsed {
  const { sealed, master = [] } = flags;
  const newSealing =
    sealed === undefined ? ownSealing : sealingOf({ proof: sealed === "proof", migrating: false });
  if (newSealing === undefined) {
    if (master.length > 0) throw misuse("--master is for a sealed product: add --sealed, or seal the model");
    return { newSealing, key: "", format: flags.format };
  }
  const format = sealedFormat(flags.format, command);
  const key = readSealKey(master, credentials, process.env);
  warnOfVersioning(master);
  return { newSealing, key, format };
}

/** The same firmware with its modem driver. */
async function overSerial(
  flags: DeviceFlags,
  serial: string,
  { credentials, seal }: { readonly credentials: Credentials; readonly seal: SealUsed },
  server: string,
  port: number,
): Promise<void> {
  if (flags.data !== undefined) throw exclusive("--data", "--serial");
  const { reports, interval, lifetime, edition, iv, batch, modem, apn, powerKey, at, sealed, health } = flags;
  const { newSealing, key, format } = seal;
  const config = { server, port, reports, interval, lifetime, edition, iv, payload: format, batch };
  checkSettings({ ...config, apn, modem, ...flags.setting }, flags.setting, newSealing !== undefined);
  const palette = paletteFor(process.stdout);
  const totals = await runOverSerial(
    { serial, modem, apn, powerKey, at, startSpread: 0, settings: flags.setting, sealed, health },
    config,
    key === "" ? { ...credentials } : { ...credentials, sealKey: key },
    reports,
    (room, text) => {
      const time = palette.dim(timeOfDay(Date.now()));
      process.stdout.write(`${time}  ${palette.cyan(escaped(room).padEnd(7))}  ${escaped(text)}\n`);
    },
  );
  const { acknowledged, taken, commands, refusals } = totals;
  process.stdout.write(`${acknowledged} of ${taken} readings acknowledged, ${commands} commands executed\n`);
  for (const line of refusals.lines(timeOfDay)) process.stdout.write(`${line}\n`);
}

/** UTC, to the ms. */
function timeOfDay(time: number): string {
  return new Date(time).toISOString().slice(11, 23);
}

/** Takes `name=value` to those that came before. @throws CommandError for another text */
function oneMoreSetting(text: string, settings: Record<string, string>): Record<string, string> {
  const at = text.indexOf("=");
  if (at <= 0) throw misuse(`--setting takes name=value, got "${text.slice(0, 40)}"`);
  return { ...settings, [text.slice(0, at)]: text.slice(at + 1) };
}

/**
 * What the board would say at start is said before anything is opened.
 *
 * @param given those of --setting
 * @param seals the device seals its payloads
 * @throws CommandError
 */
function checkSettings(config: Record<string, unknown>, given: Record<string, string>, seals: boolean): void {
  try {
    const settings = readSettings(config, seals);
    for (const { name, nearest } of unknownSettings(config, settings)) {
      throw misuse(`--setting: there is none "${name}", the nearest is ${nearest}`);
    }
    wantedOf(settings, familyNamed(families, settings.modem ?? ""));
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const [first] = error.message.split(" ");
    throw misuse(Object.hasOwn(given, first) ? `--setting: ${error.message}` : error.message);
  }
}

function openData(directory: string): ReturnType<typeof openDeviceDirectory> {
  try {
    return openDeviceDirectory(directory);
  } catch (error) {
    if (error instanceof FileFlashError) throw misuse(error.message);
    throw error;
  }
}

/** What to check when the server lets the device in and then refuses its first request. */
function doubt(reason: Rejection, flags: DeviceFlags): string {
  if (reason === "too-large") {
    return `${flags.server} refuses different requests as too large (4.13): check that it is the CoAP server of EnOS`;
  }
  const text =
    reason === "illegal-payload"
      ? `cannot read the first request (4.00): if it is the signature, try another --iv (now ${flags.iv.length < 32 ? flags.iv : "hex"}), or --format ${flags.format === "json" ? "raw" : "json"}`
      : `admits the device and refuses its requests (${reason === "bad-option" ? "4.02" : "4.01"}): leave out --edition, or try another --iv`;
  return `${flags.server} ${text}`;
}

/** What to check when the server does not let the device in. */
function advice(event: Extract<SessionEvent, { kind: "refused" }>, flags: DeviceFlags): string {
  const server = flags.server;
  const texts: Partial<Record<Refusal, string>> = {
    unauthorized: `${server} refuses the device (4.01): check product key, device key and device secret`,
    forbidden: `${server} refuses the device (4.03): it is disabled, enable it in the console`,
    "illegal-payload": `${server} cannot read the request (4.00): check that it speaks this protocol`,
    "no-such-path": `${server} knows no such path (4.04): check that it is the CoAP server of EnOS without DTLS`,
    "method-not-allowed": `${server} does not take authentication there (4.05): check that it is the CoAP server of EnOS`,
    timeout: `no answer from ${server}: check address, port (UDP) and firewall`,
    "no-response": `${server} acknowledged the request and did not answer it: try again later`,
    reset: `${server} speaks CoAP but rejects the request (RST): check that it is the CoAP server of EnOS`,
    "edition-mismatch": `${server} gives no token, so it speaks the other edition: leave out --edition or use tokenless`,
    "unreadable-answer": `${server} answers something else than EnOS does: check the address`,
    "token-too-long": `${server} gives a token so long that no datagram has room for a reading beside its signature: check the address`,
    "server-error": `${server} has an internal error (5.00): try again later`,
  };
  return texts[event.reason] ?? `${server} did not let the device in: ${event.reason}`;
}

/** Splits `coap://host:port`, of which the host alone has to be there. */
function parseServer(text: string): { host: string; port: number } {
  const match = /^(?:coap:\/\/)?([A-Za-z0-9.-]+)(?::(\d{1,5}))?\/?$/i.exec(text);
  const port = Number(match?.[2] ?? 5683);
  if (match === null || port < 1 || port > 65_535) {
    throw misuse(`--server takes HOST, HOST:PORT or coap://HOST:PORT, got "${text.slice(0, 80)}"`);
  }
  return { host: match[1], port };
}

/** The IPv4 address of a name. */
async function resolve(host: string): Promise<string> {
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch {
    throw new CommandError(1, `${host} has no IPv4 address: check the name in --server`);
  }
}
