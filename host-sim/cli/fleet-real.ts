/** `npm run fleet -- --server`: the fleet's devices talk to a server over real UDP. */
import { lookup } from "node:dns/promises";
import { contactsOf } from "../../firmware/device/contact-plan";
import { Progress } from "../inspect/report/progress";
import { realLines } from "../tools/fleet/real-text";
import { isOwnAddress } from "../tools/fleet/own-address";
import { runRealFleet } from "../tools/fleet/real-fleet";
import { RegisterError, register } from "../tools/fleet/register";
import { fleetDevice, fleetProductKey } from "../sim/fleet/fleet-keys";
import { commandsAs } from "../sim/world/device-options";
import { randomFraction } from "../tools/pc/random";
import { readDevices, readToken, tokenSources } from "./cloud-files";
import { CommandError, misuse } from "./misuse";
import type { DeviceRecord } from "../cloud/registry/registry";
import type { EditionSetting } from "../../firmware/enos/authentication";
import type { DeviceOptions } from "../sim/world/device-options";

/** What the command was given of this. */
export interface RealFlags {
  readonly server: string;
  readonly speed: number;
  readonly rate: number;
  readonly register?: string;
  readonly deviceList?: string;
  readonly iOwnThisServer?: boolean;
  readonly devices: number;
  readonly hours: number;
  readonly seed: number;
  readonly interval: number;
  readonly batch: number;
  readonly format: DeviceOptions["format"];
  readonly edition: EditionSetting;
  readonly json?: boolean;
}

/** @throws CommandError */
export async function realFleet(flags: RealFlags): Promise<void> {
  const { host, port } = serverOf(flags.server);
  const address = await addressOf(host);
  if (!isOwnAddress(address) && flags.iOwnThisServer !== true) {
    throw misuse(
      `${flags.server} is another machine, which thousands of devices may bring down: say --i-own-this-server if it is yours`,
    );
  }
  const devices = devicesOf(flags);
  if (flags.register !== undefined) await registered(flags, flags.register, devices);
  const interval = Math.max(1, Math.round(flags.interval / flags.speed));
  const duration = (flags.hours * 3_600_000) / flags.speed;
  const { batch, lifetime } = contactsOf(interval, flags.batch, undefined);
  const progress = new Progress(process.stderr);
  let isOver = false;
  const end = (): void => void (isOver = true);
  process.once("SIGINT", end);
  process.once("SIGTERM", end);
  try {
    const result = await runRealFleet({
      ...{
        address,
        port,
        devices,
        edition: flags.edition,
        format: flags.format,
        interval,
        batch,
        lifetime,
        duration,
      },
      ...{ rate: flags.rate, random: randomFraction },
      onProgress: (share) => progress.tell(share, `${devices.length} devices, a reading each ${interval} s`),
      ended: () => isOver,
    });
    progress.clear();
    for (const line of realLines(result, flags.json === true)) process.stdout.write(`${line}\n`);
    if (result.online === 0) {
      const said =
        flags.register === undefined ? ": does it know them? --register URL tells the stand-in" : "";
      throw new CommandError(1, `${flags.server} let none of the devices in${said}`);
    }
    if (result.lost > 0) throw new CommandError(1, `${result.lost} readings were lost`);
  } finally {
    progress.end();
    process.off("SIGINT", end);
    process.off("SIGTERM", end);
  }
}

/** Those of a list, no more than asked for; or those that the seed makes, all of one product. */
function devicesOf({ deviceList, devices, seed }: RealFlags): readonly DeviceRecord[] {
  if (deviceList !== undefined) {
    const listed = readDevices(deviceList).filter(({ state }) => state !== "disabled");
    if (listed.length === 0) throw misuse(`${deviceList}: has no device that may come online`);
    return listed.slice(0, devices);
  }
  const productKey = fleetProductKey(seed);
  return Array.from({ length: devices }, (_, number) => fleetDevice(seed, number, productKey));
}

async function registered(
  { format }: RealFlags,
  url: string,
  devices: readonly DeviceRecord[],
): Promise<void> {
  if (!/^https?:\/\/\S+$/.test(url)) {
    throw misuse(
      `--register takes the API's address such as http://127.0.0.1:8080, got "${url.slice(0, 80)}"`,
    );
  }
  const bearer = readToken(tokenSources.operator, undefined, process.env);
  try {
    const { created, exist } = await register(url, devices, commandsAs(format), bearer);
    process.stderr.write(`registered ${created} devices, ${exist} were there already\n`);
  } catch (error) {
    if (error instanceof RegisterError) throw new CommandError(1, error.message);
    throw error;
  }
}

function serverOf(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:coap:\/\/)?([A-Za-z0-9.-]+)(?::(\d{1,5}))?\/?$/i.exec(text);
  const port = Number(match?.[2] ?? 5683);
  if (match === null || port < 1 || port > 65_535) {
    throw misuse(`--server takes HOST, HOST:PORT or coap://HOST:PORT, got "${text.slice(0, 80)}"`);
  }
  return { host: match[1], port };
}

async function addressOf(host: string): Promise<string> {
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch {
    throw new CommandError(1, `${host} has no IPv4 address: check the name in --server`);
  }
}
