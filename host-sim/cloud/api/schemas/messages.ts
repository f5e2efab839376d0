/** Schemas of the messages between devices and cloud. */
import { list, named, object, text, time, whole } from "./parts";
import { doubtKind } from "./seals";
import type { NamedSchema, Schema } from "./parts";

/** What is read of a datagram, on the event stream and in lists. */
export const messageMembers: Readonly<Record<string, Schema>> = {
  at: time("when it passed"),
  way: text("up: from the device", { enum: ["up", "down"] }),
  peer: text("address and port of the other side"),
  size: whole("bytes"),
  line: text("type, code and path"),
  fields: list(list({ type: "string" }, "name and value; what is masked says so"), "its parts"),
  hex: text("the datagram; two dots for a byte that is masked"),
  type: text("as RFC 7252 abbreviates it; like the members below, of CoAP alone", {
    enum: ["CON", "NON", "ACK", "RST"],
  }),
  code: text("as RFC 7252 writes it, such as 0.02 and 4.01"),
  codeName: text("the code's name, such as POST and Unauthorized; empty for one without"),
  messageId: whole("ties an acknowledgement to what it acknowledges"),
  exchange: text("ties an answer to its request , hexadecimal; left out where empty"),
  path: text("of the request, also in its answer, where it is known"),
  about: text("what the request is about, also in its answer, where it is known"),
  again: whole("how often the same bytes went the same way before; left out at the first time"),
};
/** Those that every message has. */
export const requiredOfMessage: readonly string[] = ["at", "way", "peer", "size", "line", "fields", "hex"];

/** What message routes answer. */
export const messageAnswers: readonly NamedSchema[] = [
  {
    $id: "Messages",
    ...object(
      {
        items: list(
          object(
            {
              number: whole("counts up over all that happens between devices and cloud"),
              device: text("productKey/deviceKey, where it is known"),
              ...messageMembers,
              outcome: list(
                object(
                  {
                    type: text("of the event that tells it"),
                    text: text("in a few words"),
                    points: named("measure points of a reading that was stored"),
                    leftOut: whole("how many of its measure points are not there, for there are too many"),
                    doubt: doubtKind,
                  },
                  ["type", "text"],
                ),
                "what became of it in the cloud",
              ),
              moreOutcomes: whole("outcomes that are not there, for there are too many"),
            },
            ["number", ...requiredOfMessage, "outcome"],
          ),
        ),
      },
      ["items"],
    ),
  },
];
