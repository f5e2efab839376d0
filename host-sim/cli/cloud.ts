/**
 * `npm run cloud`: the EnOS stand-in on a real UDP port.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { decodeCoap } from "../cloud/coap-wire";
import { describeCoap } from "../cloud/coap-text";
import { DeviceListError, loadDevices } from "../cloud/registry";
import { ServeError, serveUdp } from "../cloud/udp";
import { paletteFor } from "../report/style";
import { describeCloud } from "../report/timeline";
import { demoDevice } from "../world/demo-device";
import { CommandError, misuse, wholeNumber } from "./misuse";
import type { DeviceRecord, Edition } from "../cloud/registry";

interface CloudFlags {
  host: string;
  port: number;
  edition: Edition;
  iv: string;
  devices?: string;
  quiet?: boolean;
}

/** The `cloud` command. */
export function cloudCommand(): Command {
  return new Command("cloud")
    .configureHelp({ commandUsage: () => "npm run cloud -- [options]" })
    .description("serve as EnOS for real devices and any CoAP client, without DTLS")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <n>", "UDP port, 0 for any", wholeNumber("--port", 0, 65_535), 5683)
    .addOption(
      new Option("--edition <name>", "protocol edition").choices(["token", "tokenless"]).default("token"),
    )
    .option("--iv <iv>", `vector of the signature in option 2101: "zero", "key" or 32 hex digits`, "zero")
    .option("--devices <file>", "JSON list of devices (default: one demo device, its keys are printed)")
    .option("--quiet", "print nothing but the address and faults")
    .action(serve);
}

async function serve(flags: CloudFlags): Promise<void> {
  if (!/^(?:zero|key|[0-9a-fA-F]{32})$/.test(flags.iv)) {
    throw misuse(`--iv takes "zero", "key" or 32 hex digits`);
  }
  const palette = paletteFor(process.stdout);
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const tell = (lane: string, text: string): void => {
    if (flags.quiet !== true) say(`${palette.dim(new Date().toISOString().slice(11, 23))}  ${lane}  ${text}`);
  };
  const devices = flags.devices === undefined ? [demoDevice(randomBytes)] : readDevices(flags.devices);

  let served;
  try {
    served = await serveUdp({
      host: flags.host,
      port: flags.port,
      edition: flags.edition,
      iv: flags.iv,
      devices,
      onEvent: (event) => {
        // The line of the datagram has said so already.
        if (event.type === "malformed") return;
        const text = describeCloud(event, true);
        if (text !== undefined) tell(palette.yellow("cloud"), text);
      },
      onDatagram: (direction, datagram, peer) => {
        const message = decodeCoap(datagram);
        const text = "malformed" in message ? `malformed: ${message.malformed}` : describeCoap(message);
        tell(palette.bold(direction === "in" ? "─▶ in" : "◀─ out"), `${peer.address}:${peer.port} ${text}`);
      },
      onError: (line) => process.stderr.write(`${line}\n`),
    });
  } catch (error) {
    if (error instanceof ServeError) throw new CommandError(1, error.message);
    throw error;
  }
  const shown = served.address.includes(":") ? `[${served.address}]` : served.address;
  say(`EnOS stand-in, edition "${flags.edition}", on coap://${shown}:${served.port} (Ctrl-C ends it)`);
  if (flags.devices === undefined) printDemo(devices[0], `coap://${shown}:${served.port}`, say);
  else if (devices.length === 0) say(`no device in ${flags.devices}: everybody will be refused`);
  else say(`${devices.length} ${devices.length === 1 ? "device" : "devices"} from ${flags.devices}`);

  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  await served.close();
  if (flags.quiet !== true) say("\nended");
}

/** The one place where a secret is shown: the demo device's, made for this run and gone with it. */
function printDemo(device: DeviceRecord, url: string, say: (line: string) => void): void {
  say("one demo device; its keys, for this run only:");
  say(`  export ENOS_PRODUCT_KEY=${device.productKey}`);
  say(`  export ENOS_DEVICE_KEY=${device.deviceKey}`);
  say(`  export ENOS_DEVICE_SECRET=${device.deviceSecret}`);
  say(`then, in another terminal: npm run device -- --server ${url}`);
}

function readDevices(file: string): DeviceRecord[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw misuse(
      `--devices: cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}`,
    );
  }
  try {
    return loadDevices(text);
  } catch (error) {
    if (error instanceof DeviceListError) throw misuse(`${file}: ${error.message}`);
    throw error;
  }
}
