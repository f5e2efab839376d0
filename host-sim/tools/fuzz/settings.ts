/**
 * Settings: whatever stands in the configuration and in the storage for the keys, the firmware either has settings
 * that it can work with, or says in one line what is wrong.
 */
import { boardNamed } from "../../../firmware/board/boards";
import { settingsInVain, wantedOf } from "../../../firmware/device/modem-settings";
import { readSettings } from "../../../firmware/device/settings";
import { unknownSettings } from "../../../firmware/device/unknown-settings";
import { SettingsError, checkCredentials } from "../../../firmware/enos/credentials";
import { familyNamed } from "../../../firmware/modem/family/family";
import { families } from "../../../firmware/modem/family/index";
import { RequestSigner, signAuthentication } from "../../../firmware/enos/sign";
import { asciiText } from "../../../firmware/text/ascii";
import { Script, check } from "./target";
import { plainCryptography } from "./plain-cryptography";
import { checkedLog } from "./tiny-device";
import type { Target, Watch } from "./target";

const names = (
  "othersBudget server port interval reports payload batch payloadLimit late order full spacing startSpread radioBudget keepAlive " +
  "logValues sleep lifetime edition iv board modem transmit receive pressedHigh apn powerKey reset wake modemSupply " +
  "edrx t3324 t3412 apnUser apnPassword apnAuth ipType pin rat bands search operator roaming baud init"
).split(" ");

/** Longest line that says what is wrong. */
const longestLine = 600;

export const settingsTarget: Target = {
  name: "settings",
  boundary: "settings",
  code: [
    "firmware/device/setting",
    "firmware/device/modem-settings",
    "firmware/device/unknown-settings",
    "firmware/enos/credentials",
  ],
  portable: true,
  seeds: () => [
    new Uint8Array([0, 0, 0]),
    new Uint8Array([3, 1, 3, 4, 2, 3, 6, 27, 9, 1]),
    new Uint8Array([2, 14, 2, 4, 48, 49, 50, 51, 18, 1, 200]),
  ],
  generate: (random) => random.bytes(3 + Math.floor(random.next() * 80)),
  run(input, watch) {
    watch.input();
    const script = new Script(input);
    const config: Record<string, unknown> = { server: "203.0.113.5" };
    for (let count = script.below(12); count > 0; count--) config[script.pick(names)] = valueOf(script);
    const settings = attempt("settings", watch, () => readSettings(config));
    if (settings !== undefined) {
      const { modem, iv, lifetime } = settings;
      attempt("modem", watch, () => {
        const family = familyNamed(families, modem ?? "sim7020");
        return [wantedOf(settings, family), settingsInVain(settings, family)];
      });
      attempt("unknown", watch, () => unknownSettings(config, settings));
      attempt("board", watch, () => boardNamed(settings.board));
      attempt("family", watch, () => familyNamed(families, modem ?? "sim7020"));
      const keys = [text(script), text(script), text(script)];
      const credentials = { productKey: keys[0], deviceKey: keys[1], deviceSecret: keys[2] };
      attempt("keys", watch, () => checkCredentials(credentials));
      attempt("signature", watch, () => {
        signAuthentication(plainCryptography, credentials, lifetime);
        return new RequestSigner(plainCryptography, credentials.deviceSecret, iv);
      });
    }
    watch.step?.(`${Object.keys(config).join(", ")}: ${settings === undefined ? "refused" : "taken"}`);
  },
};

/** What it gives; undefined when it throws as it may: an error with one line that can be shown. */
function attempt<T>(what: string, watch: Watch, run: () => T): T | undefined {
  try {
    const result = run();
    watch.feature(`${what} taken`);
    return result;
  } catch (error) {
    const expected = error instanceof SettingsError || error instanceof RangeError;
    if (!expected) throw error;
    const { message } = error;
    watch.step?.(`${what}: ${message}`);
    watch.feature(`${what} refused ${message.split(" ")[0].slice(0, 20)}`);
    // A native's own RangeError speaks of no setting.
    check(
      !/call stack|Invalid|invalid|array length/.test(message),
      "settings throw what they mean",
      () => message,
    );
    checkedLog(watch)({ kind: "settings", text: message });
    check(
      message.length <= longestLine,
      "a fault in the settings is one line",
      () => `${message.length} characters`,
    );
    return undefined;
  }
}

/** A value as JSON and the command line have them, and as nobody would write them. */
function valueOf(script: Script): unknown {
  switch (script.below(10)) {
    case 0:
      return script.byte();
    case 1:
      return script.pick([0, -1, 0.5, NaN, Infinity, 1e9, 2 ** 53, -0, 65_535, 86_400]);
    case 2:
      return text(script);
    case 3:
      return script.pick([
        "deep",
        "auto",
        "token",
        "json",
        "compact",
        "thin",
        "newest",
        "live",
        "key",
        "zero",
        "",
      ]);
    case 4:
      return script.pick([true, false, "true", "false", null, undefined]);
    case 5: {
      let nested: unknown = [script.byte()];
      for (let depth = script.byte() << 4; depth > 0; depth--) nested = [nested];
      return nested;
    }
    case 6:
      return script.pick([
        "m5stack-catm",
        "lilygo-t-sim7000g",
        "generic",
        "sim7020",
        "bc66",
        "sara-r4",
        "toString",
      ]);
    case 7:
      return text(script).repeat(1 + (script.byte() << 3));
    case 8:
      return script.pick([
        "203.0.113.5",
        "1.2.3",
        "1.2.3.04",
        "256.1.1.1",
        "....",
        "0x10",
        "1e3",
        "00060",
        " 60 ",
      ]);
    default:
      return { deep: { text: text(script) } };
  }
}

const text = (script: Script): string => asciiText(script.take(script.below(40)));
