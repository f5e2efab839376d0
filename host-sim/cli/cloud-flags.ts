/** The options of `npm run cloud`. */
import { Option } from "./command";
import type { Command } from "./command";
import { ivForms } from "../cloud/enos/sign";
import type { Edition } from "../cloud/registry/registry";
import { wholeNumber } from "./misuse";

/** What the options come to. */
export interface CloudFlags {
  host: string;
  port: number;
  edition: Edition;
  iv: string;
  devices?: string;
  products?: string;
  data?: string;
  tie: "path" | "address";
  natIdle: number;
  rateLimit: number;
  api: boolean;
  apiHost: string;
  apiPort: number;
  apiTokenFile?: string;
  apiReadTokenFile?: string;
  capture?: string;
  webhooksTo?: string;
  quiet?: boolean;
}

/** Gives a command these options. */
export function withCloudFlags(command: Command): Command {
  return command
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <n>", "UDP port, 0 for any", wholeNumber("--port", 0, 65_535), 5683)
    .addOption(
      new Option("--edition <name>", "protocol edition").choices(["token", "tokenless"]).default("token"),
    )
    .option("--iv <iv>", `vector of the signature in option 2101: ${ivForms}`, "zero")
    .option("--devices <file>", "JSON list of devices (default: one demo device, its keys are printed)")
    .option("--products <file>", "JSON list of products (default: the example of firmware/product for all)")
    .option("--data <dir>", "keep registry, sessions and data there (default: in memory alone)")
    .addOption(
      new Option("--tie <how>", `how a session knows its device, edition "tokenless"`)
        .choices(["path", "address"])
        .default("path"),
    )
    .option(
      "--nat-idle <s>",
      "with --tie address: silence after which a NAT has given the device another address, 0 for never",
      wholeNumber("--nat-idle", 0, 31_536_000),
      0,
    )
    .option(
      "--rate-limit <n>",
      "datagrams per second taken from one address, 0 for all",
      wholeNumber("--rate-limit", 0, 1_000_000),
      0,
    )
    .option(
      "--api-host <address>",
      "address of the application API; all but loopback needs a token",
      "127.0.0.1",
    )
    .option(
      "--api-port <n>",
      "TCP port of the application API, 0 for any",
      wholeNumber("--api-port", 0, 65_535),
      8080,
    )
    .option("--api-token-file <file>", "its bearer token (default: ENOS_API_TOKEN, else none on loopback)")
    .option(
      "--api-read-token-file <file>",
      "another bearer token, of those who may look and change nothing (default: ENOS_API_READ_TOKEN, else none)",
    )
    .option("--no-api", "no application API")
    .option(
      "--capture <file>",
      "write the datagrams to a pcapng file for Wireshark, what is secret in them masked",
    )
    .option(
      "--webhooks-to <hosts>",
      "hosts that webhooks may go to besides this machine, with commas between them, or any",
    )
    .option("--quiet", "print the addresses alone, and what ends the stand-in");
}
