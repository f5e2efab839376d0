/**
 * What a product with `"remoteSettings": true` obeys and tells besides, in the model's own words: two services, an attribute
 * and an event. Names and numbers of the settings are the firmware's (firmware/remote-settings/remote-names.ts), which reads
 * the values as those of its configuration and says what is wrong with them: so no number has a range here.
 */
import { remoteNames } from "../../firmware/remote-settings/remote-names";
import type { JoinedPart } from "./joined-parts";
import type { ModelField } from "./model";

/** The words of those settings that take one of some; a word keeps its place, new ones go to the end. */
const words: Readonly<Record<string, readonly string[]>> = {
  payload: ["raw", "compact", "json", "alternate"],
  full: ["oldest", "newest", "thin"],
  order: ["oldest", "live"],
  sleep: ["none", "deep"],
  waiting: ["awake", "slow", "light-sleep"],
  rat: ["nb-iot", "lte-m", "nb-iot,lte-m", "lte-m,nb-iot"],
  updates: ["push", "ask", "none"],
};

/** Their units in EnOS's words. */
const units: Readonly<Record<string, string>> = {
  ...{ interval: "s", lifetime: "s", late: "s", spacing: "s", startSpread: "s", radioBudget: "s" },
  ...{ othersBudget: "s", t3324: "s", t3412: "s", edrx: "s", search: "s" },
};

/** Characters of a setting that is a text: of the longest list of bands. */
const longestText = 100;

/** The settings, as fields of a struct that may each be left out. */
function fieldsOf(update: boolean): ModelField[] {
  return remoteNames.flatMap((each, place): ModelField[] => {
    if (each.update === true && !update) return [];
    return [{ identifier: each.name, number: place + 1, ...typeOf(each), optional: true }];
  });
}

function typeOf({ name, kind }: (typeof remoteNames)[number]): Pick<ModelField, "type" | "unit" | "values"> {
  if (kind === "yes-no") return { type: "bool" };
  if (kind === "whole") return { type: "int", ...(units[name] === undefined ? {} : { unit: units[name] }) };
  if (words[name] === undefined) return { type: "string", maxLength: longestText } as ModelField;
  const values = Object.fromEntries(words[name].map((word, i) => [i, word]));
  return { type: "enum", enumType: "string", values } as ModelField;
}

/**
 * What `"remoteSettings": true` adds to a model.
 *
 * @param update the firmware is updated from afar, and has settings of that
 */
export function settingsPart(update: boolean): JoinedPart {
  const fields = fieldsOf(update);
  const version = { identifier: "version", name: "Counts the changes", type: "int" } as const;
  const settings = { identifier: "settings", name: "Settings", type: "struct", fields } as const;
  const reason = { identifier: "reason", name: "Why not", type: "string", maxLength: 800 } as const;
  return {
    name: "remoteSettings",
    measurepoints: [],
    attributes: [
      {
        identifier: "remote_settings",
        name: "Version of the settings in force, and those that were changed from afar",
        type: "struct",
        fields: [{ ...version, number: 255 }, ...fields],
      },
    ],
    events: [
      {
        identifier: "settings_taken_back",
        name: "Settings that were changed from afar are those of before again",
        level: "warning",
        outputs: [version, { ...reason, name: "Why", maxLength: 64 }],
      },
    ],
    services: [
      {
        identifier: "change_settings",
        name: "Change settings",
        inputs: [
          { ...settings, optional: true },
          {
            identifier: "afresh",
            name: "Forget what was changed before",
            type: "bool",
            optional: true,
          },
        ],
        outputs: [
          {
            identifier: "accepted",
            name: "Whether the device has taken all of it, or nothing",
            type: "bool",
          },
          version,
          reason,
        ],
      },
      {
        identifier: "fetch_settings",
        name: "Settings in force",
        inputs: [],
        outputs: [
          version,
          { identifier: "trial", name: "The last change is still to lead to the cloud", type: "bool" },
          { identifier: "changed", name: "Names of those changed from afar", type: "string", maxLength: 400 },
          settings,
        ],
      },
    ],
  };
}
