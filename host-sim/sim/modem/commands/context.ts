/**
 * Contexts, attach and network selection (3GPP TS 27.007), for the families that are told these things by
 * the usual commands.
 */
import { integerArgument } from "../at-command";
import type { CommandRule } from "../family";
import { apnOf } from "./arguments";
import { badParameter, basicCommands, done, line, networkCommands, sleepCommands } from "./common";

const contextCommands: Record<string, CommandRule> = {
  "+CGDCONT": {
    run(unit, { form, args }) {
      if (form === "read") return line(`+CGDCONT: 1,"IP","${unit.nvram.apn}",,0,0`);
      if (form !== "set") return undefined;
      const kind = args[1]?.text ?? "";
      if (integerArgument(args[0], 0, 11) === undefined || !/^(IP|IPV4V6)$/.test(kind)) return badParameter;
      const apn = apnOf(args[2]);
      if (apn === undefined) return badParameter;
      if (args[0].text === "1") unit.nvram.apn = apn;
      return done;
    },
  },
  "+CGPADDR": {
    run(unit, { form }) {
      if (form !== "execute" && form !== "set") return undefined;
      const address = unit.registration.grant?.address;
      return line(address === undefined ? "+CGPADDR: 1" : `+CGPADDR: 1,"${address}"`);
    },
  },
  "+CGATT": {
    delay: [50, 1_500],
    run(unit, { form, args }) {
      if (form === "read") return line(`+CGATT: ${unit.registration.stat === 1 ? 1 : 0}`);
      if (form !== "set") return undefined;
      const attach = integerArgument(args[0], 0, 1);
      if (attach === undefined) return badParameter;
      if (attach === 0) unit.registration.stop();
      else if (unit.settings.cfun === 1 && unit.registration.stat === 0 && unit.card.ready) {
        unit.registration.search();
      }
      return done;
    },
  },
  "+COPS": {
    delay: [200, 4_000],
    run(unit, { form, args }) {
      if (form === "read") return line(unit.registration.stat === 1 ? '+COPS: 0,2,"00101",9' : "+COPS: 0");
      if (form !== "set") return undefined;
      const mode = integerArgument(args[0], 0, 4);
      if (mode === undefined) return badParameter;
      if (mode === 2) unit.registration.stop();
      else if (unit.settings.cfun === 1 && unit.registration.stat === 0 && unit.card.ready) {
        unit.registration.search();
      }
      return done;
    },
  },
};

/** All that the usual commands tell such a family. */
export const usualCommands: Record<string, CommandRule> = {
  ...basicCommands,
  ...networkCommands,
  ...sleepCommands,
  ...contextCommands,
};
