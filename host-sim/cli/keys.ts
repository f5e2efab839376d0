/**
 * A device's keys for a command: from a file or the environment, never from the command line, which
 * every user of the machine can read and the shell remembers.
 */
import { readFileSync } from "node:fs";
import { withSealKey } from "../tools/provision/board-keys";
import { readMasters } from "./master-flag";
import { misuse, systemReason } from "./misuse";
import type { Credentials } from "../../firmware/enos/credentials";

const variables = {
  productKey: "ENOS_PRODUCT_KEY",
  deviceKey: "ENOS_DEVICE_KEY",
  deviceSecret: "ENOS_DEVICE_SECRET",
} as const;

/**
 * @param file JSON `{ "productKey", "deviceKey", "deviceSecret" }`; the environment when left out
 * @throws CommandError that names what is missing, never what was read
 */
export function readKeys(file: string | undefined, environment: NodeJS.ProcessEnv): Credentials {
  if (file === undefined) {
    const missing = Object.values(variables).filter((name) => (environment[name] ?? "") === "");
    if (missing.length > 0) {
      throw misuse(`no keys: set ${missing.join(", ")}, or name a JSON file with --keys`);
    }
    return {
      productKey: environment[variables.productKey]!,
      deviceKey: environment[variables.deviceKey]!,
      deviceSecret: environment[variables.deviceSecret]!,
    };
  }
  // The keys themselves, by mistake: they must not be told again.
  if (file.trimStart().startsWith("{")) throw misuse("--keys takes the name of a file, not what is in it");
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw misuse(`--keys: cannot read ${file}: ${systemReason(error)}`);
  }
  let keys: unknown;
  try {
    keys = JSON.parse(text);
  } catch {
    // The parser's own message would quote the file, secret and all.
    throw misuse(`${file} is not JSON; expected { "productKey": …, "deviceKey": …, "deviceSecret": … }`);
  }
  const record = (typeof keys === "object" && keys !== null ? keys : {}) as Record<string, unknown>;
  for (const name of Object.keys(variables)) {
    if (typeof record[name] !== "string") throw misuse(`${file}: "${name}" is missing or no text`);
  }
  return {
    productKey: record.productKey as string,
    deviceKey: record.deviceKey as string,
    deviceSecret: record.deviceSecret as string,
  };
}

const sealVariable = "ENOS_SEAL_KEY";

/**
 * What a device of a sealed product seals with, 64 hexadecimal digits, as provisioning puts it on a board.
 *
 * @param masters files with master keys, of which the first is the one that boards are given keys of
 * @throws CommandError that names what is missing, never what was read
 */
export function readSealKey(
  masters: readonly string[],
  credentials: Credentials,
  environment: NodeJS.ProcessEnv,
): string {
  const given = environment[sealVariable] ?? "";
  if (masters.length === 0) {
    if (/^[0-9a-f]{64}$/i.test(given)) return given;
    throw misuse(
      given === ""
        ? `no seal key, and this product is sealed: name its master's file with --master, or set ${sealVariable}`
        : `${sealVariable} takes 64 hexadecimal digits, got ${given.length} characters: name the master's file with --master`,
    );
  }
  const keys = withSealKey(credentials, readMasters(masters)[0]);
  if ("fault" in keys) throw misuse(keys.fault);
  return keys.sealKey!;
}
