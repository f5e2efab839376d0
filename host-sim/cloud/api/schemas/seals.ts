/** Schemas of what is known of a device's sealed payloads. */
import { list, object, text, time, whole } from "./parts";
import { doubtKinds } from "../../registry/seal-view";
import type { Schema } from "./parts";

/** Of an envelope that the parsing script opened. */
export const sealMembers = {
  salt: text("of the device's start, 16 hex digits"),
  counter: whole("of the envelopes of that start, 0 to 65535"),
  root: whole("by which of the script's keys it opened: 0 the newer, 1 the older", {
    minimum: 0,
    maximum: 1,
  }),
};

export const doubtKind = text(
  "refused: by the parsing script; replayed: it came before, sent again by somebody or by the device itself; cloned: it is " +
    "new and of an earlier start than the last, so that two boards have one key, or somebody held it back; swapped: another " +
    "device sealed it; plain: in no envelope, though the device had sealed before",
  { enum: doubtKinds },
);

/** What is known of a doubt, depending on its kind. */
export const doubtMembers = {
  reason: text("refused: why, such as forged or plain"),
  ...{ salt: sealMembers.salt, counter: sealMembers.counter },
  sealedBy: text("swapped: deviceKey of the device that sealed it"),
};

const count = (description: string): Schema => whole(description, { minimum: 0 });

/** Of a device. */
export const sealView = object(
  {
    opened: count("its own envelopes that the parsing script opened"),
    since: time("since when it seals"),
    last: object(
      { at: time("when it came"), ...sealMembers },
      ["at", "salt", "counter", "root"],
      "the last one opened",
    ),
    refused: {
      type: "object",
      description: "messages that the parsing script refused, by reason",
      additionalProperties: count("how many"),
    },
    replayed: count("envelopes that came before"),
    cloned: count("new envelopes of an earlier start than the last"),
    swapped: count("envelopes that another device sealed"),
    plain: count("messages in no envelope, though it had sealed before"),
    doubts: list(
      object({ what: doubtKind, times: count("how often"), at: time("the last time"), ...doubtMembers }, [
        "what",
        "times",
        "at",
      ]),
      "the last of each kind, of refusals by reason; the newest first",
    ),
  },
  ["opened", "refused", "replayed", "cloned", "swapped", "plain", "doubts"],
  "sealed payloads since the cloud knows the device; not there where none is known",
);

/** Of a device in short. */
export const sealSummary = object(
  {
    opened: count("its own envelopes that the parsing script opened"),
    root: sealMembers.root,
    doubts: count("messages in doubt, of all kinds"),
    doubtedAt: time("when the last of them came"),
  },
  ["opened", "doubts"],
  "sealed payloads in short; not there where none is known",
);
